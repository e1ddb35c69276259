import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, DataError } from '../../src/errors'
import { CertificationLogWriter, readCertificationLog } from '../../src/logs/certification-log-file'
import { metadataPath } from '../../src/logs/certification-log-metadata'
import { mergeShards } from '../../src/logs/merge-shards'
import { dealt, planMetadata, type Shard, shardPath } from '../../src/logs/shards'
import { configuration } from '../analysis/logs'
import { loggedRow } from '../support/logged-row'

/** Neither ascending nor evenly dealt. */
const PLAN = [9, 2, 4, 0, 7, 5, 6]

let folder: string
let output: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-merge-'))
  output = join(folder, 'certify.tsv')
})
afterEach(() => rm(folder, { recursive: true }))

const row = (index: number) => loggedRow({ index, label: index % 2, radius: index / 7, durationMs: index })

interface Written {
  readonly plan?: readonly number[]
  readonly changes?: object
  /** How many of its rows a shard has. */
  readonly rows?: number
}

/** Writes the log of a shard, or of the whole plan, as its own process would. */
async function write(shard: Shard | undefined, { plan = PLAN, changes = {}, rows = 99 }: Written = {}) {
  const path = shard === undefined ? join(folder, 'single.tsv') : shardPath(output, shard)
  const log = await CertificationLogWriter.open(path, {
    configuration: { ...configuration, ...changes },
    ...planMetadata(plan, shard),
    notes: { device: `gpu ${shard?.number ?? 0}` },
  })
  const own = shard === undefined ? plan : dealt(plan, shard)
  for (const index of own.slice(0, rows)) await log.append(row(index))
  await log.close()
  return path
}

const shardsOf = async (of: number) =>
  Promise.all(Array.from({ length: of }, (_, position) => write({ number: position + 1, of })))

describe('mergeShards', () => {
  it.each([1, 2, 3, 7])(
    'makes the log of a single process out of %d shards, whatever their order',
    async of => {
      const shards = await shardsOf(of)
      expect(await mergeShards(shards.reverse(), { output })).toBe(PLAN.length)
      const single = await write(undefined)
      expect(await readFile(output, 'utf8')).toBe(await readFile(single, 'utf8'))
      const { metadata } = await readCertificationLog(output)
      expect(metadata).toEqual({
        format: 2,
        configuration,
        plan: { count: 7, images: '9,2,4,0,7,5,6' },
        notes: { shards: Array.from({ length: of }, (_, position) => ({ device: `gpu ${position + 1}` })) },
      })
      // The merged log is a log like any other.
      await (await CertificationLogWriter.open(output, metadata as never)).close()
    },
  )

  it('says that it is done where it was done before, and overwrites nothing else', async () => {
    const shards = await shardsOf(2)
    await mergeShards(shards, { output })
    expect(await mergeShards(shards, { output })).toBe(PLAN.length)
    await writeFile(output, 'something else')
    await expect(mergeShards(shards, { output })).rejects.toThrow(ConfigError)
    expect(await readFile(output, 'utf8')).toBe('something else')
  })

  it('refuses shards of different versions of the random streams, and names both', async () => {
    const shards = [
      await write({ number: 1, of: 2 }, { changes: { streams: 2 } }),
      await write({ number: 2, of: 2 }),
    ]
    const merged = mergeShards(shards, { output })
    await expect(merged).rejects.toThrow(DataError)
    await expect(merged).rejects.toThrow(
      /01-of-02\.tsv has noise of random streams of version 2 and .*02-of-02\.tsv of version 1: .* Start shard 2 afresh: .*--shard 2\/2/,
    )
  })

  it('does not replace a log of another version of the random streams', async () => {
    await mergeShards(await shardsOf(2), { output })
    const before = await readFile(output, 'utf8')
    const later = { changes: { streams: 2 }, rows: 1 }
    await appendFile(output, 'a row that was cut off')
    await rm(join(folder, 'certify.shard-01-of-01.tsv'), { force: true })
    const shards = [await write({ number: 1, of: 1 }, { ...later, rows: 99 })]
    await expect(mergeShards(shards, { output })).rejects.toThrow(/of version 1, expected version 2/)
    expect(await readFile(output, 'utf8')).toBe(`${before}a row that was cut off`)
  })

  it.each<[string, () => Promise<string[]>, RegExp]>([
    ['no logs', async () => [], /no logs are given/],
    ['a log that is not a shard', async () => [await write(undefined)], /single\.tsv is not a shard/],
    [
      'a log that says nothing about itself',
      async () => {
        const path = await write({ number: 1, of: 1 })
        await rm(metadataPath(path))
        return [path]
      },
      /shard-01-of-01\.tsv is not a shard/,
    ],
    ['missing shards', async () => [(await shardsOf(4))[1] as string], /shard 1,3,4 of 4 is missing/],
    [
      'a shard given twice',
      async () => {
        const [one, two] = (await shardsOf(2)) as [string, string]
        return [one, two, two]
      },
      /shard-02-of-02\.tsv is shard 2 once more/,
    ],
    [
      'a shard that lacks rows',
      async () => [await write({ number: 1, of: 2 }, { rows: 2 }), await write({ number: 2, of: 2 })],
      /shard-01-of-02\.tsv lacks 2 of 4 images: 7,6/,
    ],
    [
      'a shard of another plan',
      async () => [
        await write({ number: 1, of: 2 }),
        await write({ number: 2, of: 2 }, { plan: [...PLAN].reverse() }),
      ],
      /shard-02-of-02\.tsv is a share of another plan \(7 images in 2 shards, [0-9a-f]{8}\) than .*01-of-02/,
    ],
    [
      'shards of other numbers of shards',
      async () => [await write({ number: 1, of: 2 }), await write({ number: 2, of: 3 })],
      /02-of-03\.tsv is a share of another plan \(7 images in 3 shards/,
    ],
    [
      'another configuration',
      async () => [
        await write({ number: 1, of: 2 }),
        await write({ number: 2, of: 2 }, { changes: { n: 10 } }),
      ],
      /n is 1000 in .*01-of-02\.tsv and 10 in .*02-of-02\.tsv/,
    ],
    [
      'an image that falls to another shard',
      async () => {
        const shards = await shardsOf(2)
        const [, ...rows] = (await readFile(shards[1] as string, 'utf8')).trimEnd().split('\n')
        await appendFile(shards[0] as string, `${rows[0]}\n`)
        return shards
      },
      /01-of-02\.tsv has images that do not fall to it: 2/,
    ],
    [
      'a shard of an earlier format',
      async () => {
        const [one, two] = (await shardsOf(2)) as [string, string]
        const { format: _, ...metadata } = JSON.parse(await readFile(metadataPath(two), 'utf8'))
        await writeFile(
          metadataPath(two),
          JSON.stringify({
            ...metadata,
            configuration: { ...metadata.configuration, adaptive: { kind: 'of a test' } },
          }),
        )
        return [one, two]
      },
      /02-of-02\.tsv has format 1, which is read but not merged; .* Start afresh: ft-cadis certify .* --shard 1\/2 /,
    ],
    [
      'a row that was cut short',
      async () => {
        const shards = await shardsOf(2)
        await appendFile(shards[0] as string, '3\t1')
        return shards
      },
      /01-of-02\.tsv is cut short in line 6/,
    ],
    [
      'metadata that were changed',
      async () => {
        const shards = await shardsOf(2)
        for (const [position, images] of ['9,4,7,2', '6,0,5'].entries()) {
          const path = metadataPath(shards[position] as string)
          const metadata = JSON.parse(await readFile(path, 'utf8'))
          await writeFile(path, JSON.stringify({ ...metadata, plan: { ...metadata.plan, images } }))
          const rows = images.split(',').map(index => row(Number(index)))
          await rm(shards[position] as string)
          const log = await CertificationLogWriter.open(shards[position] as string, {
            ...metadata,
            plan: { ...metadata.plan, images },
          })
          for (const one of rows) await log.append(one)
          await log.close()
        }
        return shards
      },
      /the images of the shards are not those of the plan/,
    ],
  ])('refuses %s by name, and writes nothing', async (_what, make, message) => {
    const shards = await make()
    await expect(mergeShards(shards, { output })).rejects.toThrow(DataError)
    await expect(mergeShards(shards, { output })).rejects.toThrow(message)
    await expect(readFile(output)).rejects.toThrow(/ENOENT/)
  })
})
