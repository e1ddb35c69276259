import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '../../src/bridge'
import { certifyLaunched } from '../../src/certification/certify-launched'
import { ArmLogs } from '../../src/logs/arm-logs'
import { CertificationLogWriter, readCertificationLog } from '../../src/logs/certification-log-file'
import { earlierRows } from '../../src/logs/earlier-rows'
import { dealt, planMetadata, type Shard, shardPath } from '../../src/logs/shards'
import { configuration } from '../analysis/logs'
import { loggedRow } from '../support/logged-row'

const PLAN = [4, 0, 7, 5, 6]

let folder: string
let log: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-launched-'))
  log = join(folder, 'certify.tsv')
})
afterEach(() => rm(folder, { recursive: true }))

/** Sessions of that many ranks as far as a process group needs them: a read waits until every rank reads. */
function launch(worldSize: number) {
  const operations: string[] = []
  const joined: unknown[] = []
  let waiting: (() => void)[] = []
  const arrive = () =>
    new Promise<void>(resolve => {
      waiting.push(resolve)
      if (waiting.length < worldSize) return
      for (const go of waiting) go()
      waiting = []
    })
  const sessionOf = (rank: number) => {
    const session = {
      launch: { rank, localRank: rank, worldSize, restartCount: 0, launchId: null },
      record(operation: string, _inputs: unknown, { parameters, make }: Recorded) {
        operations.push(`${operation} ${rank}`)
        if (operation === 'join_process_group') joined[rank] = parameters
        return make(session, 1)
      },
      perform: (operation: string) => operations.push(`${operation} ${rank}`),
      flush: async () => undefined,
      free: () => undefined,
      async compute(recordAll: () => unknown) {
        recordAll()
        await arrive()
      },
    }
    return session as unknown as Session
  }
  return { sessions: Array.from({ length: worldSize }, (_, rank) => sessionOf(rank)), operations, joined }
}

interface Recorded {
  readonly parameters: unknown
  readonly make: (session: unknown, id: number) => unknown
}

async function writeShare(shard: Shard): Promise<void> {
  const writer = await CertificationLogWriter.open(shardPath(log, shard), {
    configuration,
    ...planMetadata(PLAN, shard),
  })
  for (const index of dealt(PLAN, shard)) {
    await writer.append(loggedRow({ index, radius: index / 7 }))
  }
  await writer.close()
}

describe('certifyLaunched', () => {
  it('leaves a share to each rank, and has the first merge them when all are done', async () => {
    const { sessions, operations, joined } = launch(3)
    const shares: (Shard | undefined)[] = []
    const results = await Promise.all(
      sessions.map((session, rank) =>
        certifyLaunched(session, log, async shard => {
          shares[rank] = shard
          // The first rank has its share long before the others.
          if (rank > 0) await new Promise(resolve => setTimeout(resolve, 20 * rank))
          await writeShare(shard as Shard)
        }),
      ),
    )
    expect(results).toEqual([true, false, false])
    expect(shares).toEqual([1, 2, 3].map(number => ({ number, of: 3 })))
    expect((await readCertificationLog(log)).rows.map(({ index }) => index)).toEqual(PLAN)
    for (const rank of [0, 1, 2]) {
      expect(operations.filter(operation => operation.endsWith(` ${rank}`))).toEqual(
        ['join_process_group', 'gather_plain', 'leave_process_group'].map(name => `${name} ${rank}`),
      )
    }
    // A share may take days longer than another.
    expect(joined).toEqual(
      [0, 1, 2].map(rank => ({ rank, world_size: 3, join_seconds: 600, wait_seconds: 604_800 })),
    )
  })

  it('certifies no image again that an earlier launch has a row of, whatever the number of its processes', async () => {
    const certified: number[] = []
    /** As `certifyDataset`, up to `most` images: a row tells by its time when it was certified. */
    async function certify(worldSize: number, { most, durationMs }: { most?: number; durationMs: number }) {
      const ends = await Promise.allSettled(
        launch(worldSize).sessions.map(session =>
          certifyLaunched(session, log, async (shard, earlier) => {
            const path = shard === undefined ? log : shardPath(log, shard)
            const own = shard === undefined ? PLAN : dealt(PLAN, shard)
            const metadata = { configuration, ...planMetadata(PLAN, shard) }
            await using logs = await ArmLogs.open([{ path, metadata }])
            const others = earlier.filter(other => other !== path)
            const from = await earlierRows(others, { configuration, indices: PLAN })
            await logs.takeOver(0, { from, images: own })
            for (const index of own.filter(image => logs.armsWithout(image).length > 0).slice(0, most)) {
              certified.push(index)
              await logs.append(0, loggedRow({ index, durationMs }))
            }
            if (most !== undefined) throw new Error('stopped')
          }),
        ),
      )
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    }
    await expect(certify(3, { most: 1, durationMs: 1 })).rejects.toThrow('stopped')
    expect(certified.toSorted()).toEqual([0, 4, 7])
    await certify(2, { durationMs: 2 })
    expect(certified.toSorted()).toEqual([0, 4, 5, 6, 7])
    const { rows } = await readCertificationLog(log)
    expect(rows.map(row => [row.index, row.durationMs])).toEqual([
      ...[
        [4, 1],
        [0, 1],
        [7, 1],
      ],
      ...[
        [5, 2],
        [6, 2],
      ],
    ])
    // A whole log is continued as it is, by one process or several.
    for (const worldSize of [1, 4, 2]) await certify(worldSize, { durationMs: 3 })
    expect(certified).toHaveLength(PLAN.length)
    expect((await readCertificationLog(log)).rows).toEqual(rows)
    await expect(
      earlierRows([log], { configuration: { ...configuration, seed: 9 }, indices: PLAN }),
    ).rejects.toThrow(/seed/)
    await expect(earlierRows([log], { configuration, indices: [4, 0] })).rejects.toThrow(
      /has 3 images that are not to be certified now, the first is 7/,
    )
  })

  it('continues with the log that one process has begun', async () => {
    await using begun = await CertificationLogWriter.open(log, {
      configuration,
      ...planMetadata(PLAN, undefined),
    })
    await begun.append(loggedRow({ index: 5, durationMs: 1 }))
    await begun.close()
    const certifyTwo = () =>
      Promise.allSettled(
        launch(2).sessions.map(session =>
          certifyLaunched(session, log, async (shard = { number: 1, of: 1 }, earlier) => {
            const path = shardPath(log, shard)
            await using logs = await ArmLogs.open([
              { path, metadata: { configuration, ...planMetadata(PLAN, shard) } },
            ])
            const own = dealt(PLAN, shard)
            const others = earlier.filter(other => other !== path)
            await logs.takeOver(0, {
              from: await earlierRows(others, { configuration, indices: PLAN }),
              images: own,
            })
            for (const index of own) {
              if (logs.armsWithout(index).length > 0)
                await logs.append(0, loggedRow({ index, durationMs: 2 }))
            }
          }),
        ),
      )
    await certifyTwo()
    const { rows } = await readCertificationLog(log)
    expect(rows.map(row => [row.index, row.durationMs])).toEqual(
      PLAN.map(index => [index, index === 5 ? 1 : 2]),
    )
    const text = await readFile(log, 'utf8')
    await writeFile(log, text.replace(/\n7\t.*/, ''))
    expect((await certifyTwo()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(await readFile(log, 'utf8')).toBe(text)
  })

  it('is one share, the whole, in a process that nobody launched', async () => {
    const { sessions, operations } = launch(1)
    const shares: (Shard | undefined)[] = []
    const hasWhole = await certifyLaunched(sessions[0] as Session, log, async shard => shares.push(shard))
    expect({ hasWhole, shares, operations }).toEqual({ hasWhole: true, shares: [undefined], operations: [] })
    expect(await readdir(folder)).toEqual([])
  })
})
