import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finetune } from '../../src'
import { readCheckpoint } from '../../src/internal'
import { connectForTest } from '../support/digits'
import { killIfRunning } from '../support/kill-if-running'
import { runWithOwnPython } from '../support/run-example'
import { checkpointBytes, reproducibleRows } from '../support/run-files'
import { shortRun } from '../support/short-run'

/** How often a run is killed, each time at another random moment. */
const KILLS = Number(process.env.FT_CADIS_KILLS ?? 2)

/** Of the 20 updates, so that a run is killed several times before it ends, some before its first checkpoint. */
const MOST_UPDATES = 7
/** More than an update takes. */
const MOST_DELAY_MS = 150

describe('a run whose processes are killed', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-killed-'))
    await using session = await connectForTest()
    await finetune(session, shortRun(join(folder, 'whole')), { evaluationImages: 40 })
  })
  afterAll(() => rm(folder, { recursive: true }))

  function start(output: string) {
    const child = runWithOwnPython('test/support/short-run.ts', output)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const next = async () => {
      const { value, done } = await lines.next()
      return done ? undefined : JSON.parse(value)
    }
    return { child, next }
  }

  /** Every file that has its proper name is whole. */
  async function expectWhole(run: string): Promise<void> {
    JSON.parse(await readFile(join(run, 'config.json'), 'utf8'))
    JSON.parse(await readFile(join(run, 'state.json'), 'utf8'))
    const checkpoints = await readdir(join(run, 'checkpoints')).catch(() => [])
    for (const name of checkpoints.filter(name => !name.startsWith('.'))) {
      await readCheckpoint(join(run, 'checkpoints', name))
    }
  }

  async function expectSame(run: string, whole: string): Promise<void> {
    expect(await reproducibleRows(run)).toEqual(await reproducibleRows(whole))
    expect(await checkpointBytes(run, 'epoch-02')).toEqual(await checkpointBytes(whole, 'epoch-02'))
  }

  it(
    `is the same run, bit for bit, after ${KILLS} kills of Node and of Python in turn`,
    async () => {
      const whole = join(folder, 'whole')
      const moments: string[] = []
      let run = join(folder, 'killed')
      while (moments.length < KILLS) {
        const { child, next } = start(run)
        const { node, python } = await next()
        const { stepsDone } = await next()
        const updates = Math.floor(Math.random() * (MOST_UPDATES + 1))
        for (let update = 0; update < updates; update += 1) await next()
        const delayMs = Math.round(Math.random() * MOST_DELAY_MS)
        await sleep(delayMs)
        const victim = moments.length % 2 === 0 ? 'Node' : 'Python'
        killIfRunning(victim === 'Node' ? node : python)
        const { stderr, exitCode } = await child
        await expectWhole(run)
        if (exitCode === 0) {
          // It came to its end first: the next kills are of another run.
          await expectSame(run, whole)
          run = join(folder, `killed-${moments.length}`)
          continue
        }
        moments.push(`${victim} ${delayMs} ms after step ${stepsDone + updates}`)
        if (victim === 'Python') expect(stderr).toMatch(/Python process ended on signal SIGKILL/)
      }
      const { exitCode } = await start(run).child
      expect(exitCode, moments.join(', ')).toBe(0)
      await expectSame(run, whole)
      expect(await readdir(run)).not.toContain('run.lock')
    },
    300_000 + 60_000 * KILLS,
  )

  it('finishes the update on a signal, writes a checkpoint, and exits as the signal says', async () => {
    const run = join(folder, 'signalled')
    const { child, next } = start(run)
    await next()
    await next()
    const { step } = await next()
    child.kill('SIGTERM')
    const { exitCode, stderr } = await child
    expect(exitCode).toBe(143)
    expect(stderr).toMatch(/SIGTERM: the update is finished, then a checkpoint written/)
    const [, stopped] = /stopped after update (\d+) \(SIGTERM\)\. Resume it from .*step-/.exec(stderr) ?? []
    expect(Number(stopped)).toBeGreaterThanOrEqual(step)
    const { state } = await readCheckpoint(
      join(run, 'checkpoints', `step-${String(stopped).padStart(6, '0')}`),
    )
    expect(state.step).toBe(Number(stopped))
  })

  it('stops at once on the second Ctrl-C', async () => {
    const { child, next } = start(join(folder, 'twice'))
    await next()
    await next()
    const heard = once(child.stderr, 'data')
    child.kill('SIGINT')
    await heard
    child.kill('SIGINT')
    const { exitCode, stderr } = await child
    expect(exitCode).toBe(130)
    expect(stderr).toContain('SIGINT: the update is finished, then a checkpoint written')
    // What a run that stops in order says, with the same exit code.
    expect(stderr).not.toContain('stopped after update')
  })
})
