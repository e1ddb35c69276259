import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Session } from '../../src/bridge'
import { joinProcessGroup, tensor } from '../../src/torch'
import { hasProcessFiles, waitUntilGone } from '../bridge/processes'
import { connectForTest } from '../support/digits'
import { type Launched, launch, UNDER_TSX } from '../support/launched'
import { isLoopback, listeningAddresses, processTree } from '../support/listening'
import { makeMachines, removeMachines } from '../support/network-namespaces'
import { type RankReport, type Training, train } from '../support/ranks-program'

const PROGRAM = join(__dirname, '..', 'support', 'ranks-program.ts')
const LAUNCH_MS = 180_000

let session: Session
let folder: string
let launched: Launched[] = []
let pids: number[] = []

beforeAll(async () => {
  session = await connectForTest()
})

afterAll(async () => {
  await session.close()
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-ranks-'))
})

afterEach(async () => {
  // Where a test has failed, ranks may still wait for each other, or be started again.
  writeFileSync(join(folder, 'stop'), '')
  for (const one of launched) one.kill('SIGTERM')
  for (const pid of pids) killed(pid, 'SIGKILL')
  await Promise.all(launched.map(({ ended }) => ended))
  launched = []
  pids = []
  await rm(folder, { recursive: true })
})

function start(words: readonly string[], options?: Parameters<typeof launch>[1]): Launched {
  const one = launch([...words, '--', UNDER_TSX, PROGRAM, folder], options)
  launched.push(one)
  return one
}

/** What two ranks report, as soon as both do. */
async function reportsOf(attempt: number): Promise<readonly [RankReport, RankReport]> {
  const read = (rank: number): RankReport =>
    JSON.parse(readFileSync(join(folder, `rank-${rank}-attempt-${attempt}.json`), 'utf8'))
  await expect
    .poll(() => [0, 1].map(rank => existsSync(join(folder, `rank-${rank}-attempt-${attempt}.json`))), {
      timeout: LAUNCH_MS / 3,
      interval: 50,
    })
    .toEqual([true, true])
  const reports = [read(0), read(1)] as const
  pids.push(...reports[0].pids.flatMap(({ node, python }) => [node, python]))
  return reports
}

function killed(pid: number, signal: NodeJS.Signals): number {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended before.
  }
  return pid
}

const printedBy = (one: Launched, text: string) =>
  expect.poll(one.printed, { timeout: 20_000, interval: 50 }).toContain(text)

const rankOne = ([report]: readonly [RankReport, RankReport]) => report.pids[1] ?? { node: 0, python: 0 }

/** Checks what two ranks computed together against one process that did it all. */
async function checkResults(reports: readonly [RankReport, RankReport]): Promise<void> {
  for (const [rank, { results }] of reports.entries()) {
    const mine = 2 * rank + 1
    expect(results).toMatchObject({
      sum: { total: [[1, 2]], mine: [[rank, 1]] },
      constants: [
        [mine, mine, mine],
        [1, 1, 1],
        [1, 1, 1],
        [1, 1 + (1 + 3 + 3) / 2, 1 + 2],
      ],
      broadcast: { from: 0, text: 'σ', numbers: [1e300, 0.1] },
      gathered: ['', 'xxx'],
    })
  }
  const alone = await joinProcessGroup(session)
  const { gradientNorms, logits } = await train(session, alone)
  const half = await train(session, { ...alone, worldSize: 2 })
  const close = (numbers: readonly number[]) => numbers.map(number => expect.closeTo(number, 5))
  expect(half.logits).not.toEqual(logits.map(close))
  const expected: Training = { gradientNorms: close(gradientNorms), logits: logits.map(close) }
  for (const { results } of reports) expect(results?.training).toEqual(expected)
}

test('one process alone has nothing to wait for, and records nothing', async () => {
  await session.flush()
  const { instructions } = session.counters
  const group = await joinProcessGroup(session)
  const one = tensor(session, 1, { axes: '' })
  expect(group.allReduceSum(one)).toBe(one)
  expect(await group.broadcast('a')).toBe('a')
  expect(await group.gather(['a'])).toEqual([['a']])
  await group.barrier()
  await group.leave()
  session.free(one)
  await session.flush()
  expect(session.counters.instructions - instructions).toBe(1)
})

test.runIf(hasProcessFiles)('a socket that listens elsewhere than on loopback is found', async () => {
  const listenOn = (host: string) =>
    new Promise<Server>(resolve => {
      const server = createServer().listen(0, host, () => resolve(server))
    })
  const isSeen = async () => (await listeningAddresses([process.pid])).map(isLoopback)
  const own = await listenOn('127.0.0.1')
  expect(new Set(await isSeen())).toEqual(new Set([true]))
  const open = await listenOn('0.0.0.0')
  expect(await isSeen()).toContain(false)
  for (const server of [own, open]) server.close()
})

/** Looks at a launch for as long as it lasts, and adds up where its processes listen. */
async function watchListening({ pid, ended }: Launched): Promise<Set<string>> {
  const found = new Set<string>()
  let isRunning = true
  const end = ended.then(() => {
    isRunning = false
  })
  while (isRunning) {
    for (const address of await listeningAddresses(await processTree(pid))) found.add(address)
    await Promise.race([end, setTimeout(100)])
  }
  return found
}

test.runIf(hasProcessFiles)(
  'two processes compute as one does, over loopback alone. When one hangs or dies, the other says which, all is started again, or ends',
  async () => {
    const ranks = start(['--nproc-per-node', '2', '--max-restarts', '1'], {
      // A setting for several machines, which one does not follow.
      env: { FT_CADIS_RANK_SILENCE_SECONDS: '2', GLOO_SOCKET_IFNAME: 'eth0' },
    })
    const listening = watchListening(ranks)
    const first = await reportsOf(0)
    await checkResults(first)
    const hanging = killed(rankOne(first).python, 'SIGSTOP')
    await printedBy(
      ranks,
      `RankLostError: Rank 1 (host ${hostname()}, process ${hanging}) has been silent for`,
    )
    killed(hanging, 'SIGKILL')

    const dying = killed(rankOne(await reportsOf(1)).python, 'SIGKILL')
    const { exitCode, printed } = await ranks.ended
    expect(printed).toContain(`error: Rank 1 (host ${hostname()}, process ${dying}) has ended.`)
    // Either: rank 0 may learn of the loss, and end, before the Node of rank 1 does.
    expect(printed).toMatch(/Rank [01] \(process \d+\) ended first, with exit code 1\./)
    expect(exitCode).toBe(1)
    await waitUntilGone(pids, 4000)
    const addresses = [...(await listening)]
    expect(addresses).not.toEqual([])
    expect(addresses.filter(address => !isLoopback(address))).toEqual([])
  },
  LAUNCH_MS,
)

test.runIf(hasProcessFiles)(
  'two machines compute as one process does, and start again when a process of one of them is killed',
  async context => {
    const machines = await makeMachines()
    if (typeof machines === 'string') return context.skip(machines)
    try {
      const [one, other] = machines.map(({ address, prefix }, index) =>
        start(
          [
            '--nnodes',
            '2',
            '--node-rank',
            `${index}`,
            '--rdzv-endpoint',
            `${machines[0].address}:29400`,
          ].concat('--local-addr', address, '--max-restarts', '1'),
          { prefix },
        ),
      )
      const first = await reportsOf(0)
      await checkResults(first)
      const { node, python } = rankOne(first)
      killed(node, 'SIGKILL')
      await reportsOf(1)
      writeFileSync(join(folder, 'stop'), '')
      const ends = await Promise.all([one?.ended, other?.ended])
      expect(ends.map(end => end?.exitCode)).toEqual([0, 0])
      expect(ends[0]?.printed).toContain(
        `error: Rank 1 (host ${hostname()}, process ${python}) has been silent for`,
      )
      await waitUntilGone(pids, 4000)
    } finally {
      await removeMachines()
    }
  },
  LAUNCH_MS,
)
