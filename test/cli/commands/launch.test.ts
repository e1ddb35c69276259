import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { resolveInterpreter } from '../../../src/environment/interpreter'
import { childrenOf, hasProcessFiles, waitUntilGone } from '../../bridge/processes'
import { type Launched, launch } from '../../support/launched'

const PROGRAM = join(__dirname, '..', '..', 'support', 'rank-without-python.js')
const LAUNCH_MS = 90_000

const running: Launched[] = []
afterEach(async () => {
  for (const launched of running.splice(0)) {
    launched.kill('SIGTERM')
    await launched.ended
  }
})

function start(...words: Parameters<typeof launch>): Launched {
  const launched = launch(...words)
  running.push(launched)
  return launched
}

interface Rank {
  readonly RANK: string
  readonly pid: number
  readonly [name: string]: unknown
}

/** What two ranks say of themselves, as soon as both have, in their order. */
async function ranksOf(launched: Launched): Promise<readonly Rank[]> {
  const said = () => [...launched.printed().matchAll(/^\{.*\}$/gm)].map(([line]): Rank => JSON.parse(line))
  await expect.poll(() => said().length, { timeout: 30_000 }).toBe(2)
  return said().sort((one, other) => Number(one.RANK) - Number(other.RANK))
}

test('what cannot be launched is refused before Python starts', async () => {
  expect(await launch(['--nproc-per-node', '2', '--', 'certifi']).ended).toMatchObject({
    exitCode: 1,
    printed: expect.stringMatching(
      /^error: 'certifi' is neither a \.ts or \.js file nor a command .*doctor.*\n$/,
    ),
  })
})

test(
  'every rank is told its place and its Python, and the exit code is that of the one that failed first',
  async () => {
    const launched = start(['--nproc-per-node', '2', '--', PROGRAM, 'exit', '7', '--n', '5'], {
      env: { OMP_NUM_THREADS: '' },
    })
    const { path } = await resolveInterpreter()
    const ranks = await ranksOf(launched)
    for (const [rank, about] of ranks.entries()) {
      expect(about).toMatchObject({
        RANK: `${rank}`,
        WORLD_SIZE: '2',
        PYTHON_BIN: path,
        OMP_NUM_THREADS: expect.stringMatching(/^\d+$/),
        words: ['exit', '7', '--n', '5'],
      })
    }
    const { exitCode, printed } = await launched.ended
    expect(exitCode).toBe(7)
    expect(printed).toContain(`Rank 1 (process ${ranks[1]?.pid}) ended with exit code 7.`)
    expect(printed).not.toMatch(/Traceback|Setting OMP_NUM_THREADS/)
  },
  LAUNCH_MS,
)

test.runIf(hasProcessFiles)(
  'a signal reaches every rank once, also from a launcher that is killed, and no process stays',
  async () => {
    const [stopped, killed] = [1, 2].map(() => start(['--nproc-per-node', '2', '--', PROGRAM, 'wait'])) as [
      Launched,
      Launched,
    ]
    const pids: number[] = []
    for (const launched of [stopped, killed]) {
      pids.push(...(await ranksOf(launched)).map(({ pid }) => pid), ...(await childrenOf(launched.pid)))
    }
    expect(pids).toHaveLength(6)
    for (let times = 0; times < 4; times += 1) stopped.kill('SIGTERM')
    killed.kill('SIGKILL')
    expect((await stopped.ended).exitCode).toBe(143)
    await waitUntilGone(pids, 20_000)
    for (const { printed } of [stopped, killed]) {
      expect(
        printed()
          .match(/^rank \d got SIGTERM$/gm)
          ?.sort(),
      ).toEqual(['rank 0 got SIGTERM', 'rank 1 got SIGTERM'])
    }
  },
  LAUNCH_MS,
)
