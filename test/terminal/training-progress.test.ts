import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createProgram } from '../../src/cli/program'
import { addRunOptions, type RunOptions, runHooks } from '../../src/cli/run-options'
import { EARLIER_OBJECTIVE } from '../../src/objectives/description'
import type { RunStart, RunWatcher } from '../../src/runs/reports'
import { jsonReports } from '../../src/terminal/json-reports'
import { remainingTime } from '../../src/terminal/remaining-time'
import { epochLine, formatDuration, trainingLine } from '../../src/terminal/training-line'
import { trainingProgress } from '../../src/terminal/training-progress'
import { epochReport, epochRow, updateReport, updateRow } from '../support/run-folders'
import { type PretendedStream, pretendStream, screenOf } from '../support/terminal'

/** The metrics of FT-CADIS, and of the usual evaluation. */
const {
  metrics,
  evaluation: { metrics: testMetrics },
} = EARLIER_OBJECTIVE
const GPU = { deviceBytes: 3.25 * 2 ** 30 }
const WHOLE =
  'epoch 2/3 · step 5/12 · 41 % · 1 min 05 s left · 640 images/s · loss 0.200 · SCE 0.500 · MAdv 0.250 · ' +
  '|D_nh| = M 25 % · kept 50 % · lr 1.0e-3 · GPU 3.3 GiB · 2 skipped'

describe('the line of an update', () => {
  it('says it all where there is room', () => {
    expect(trainingLine(updateReport(5, GPU), { leftMs: 65_000, skipped: 2, metrics })).toBe(WHOLE)
  })

  it('keeps what tells most where there is little', () => {
    const at = (columns: number) =>
      trainingLine(updateReport(5, GPU), { columns, leftMs: 65_000, skipped: 2, metrics })
    expect(at(79)).toBe('epoch 2/3 · step 5/12 · 41 % · 1 min 05 s left · loss 0.200 · 2 skipped')
    // Shares before the parts of the loss.
    expect(at(120)).toBe(
      'epoch 2/3 · step 5/12 · 41 % · 1 min 05 s left · 640 images/s · loss 0.200 · |D_nh| = M 25 % · kept 50 % · 2 skipped',
    )
    expect(at(24)).toBe('epoch 2/3 · step 5/12')
    expect(at(3)).toBe('5/1')
  })

  it('is never longer than the columns, and never shorter on more of them', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.double(), (columns, loss) => {
        const at = (width: number) =>
          trainingLine(updateReport(5, { ...GPU, loss }), {
            columns: width,
            leftMs: 1e9,
            skipped: 1,
            metrics,
          }).length
        expect(at(columns)).toBeLessThanOrEqual(columns)
        expect(at(columns)).toBeLessThanOrEqual(at(columns + 1))
      }),
    )
  })
})

it('the line of an epoch names the first corrupt images', () => {
  const skippedPaths = ['a', 'b', 'c', 'd', 'e', 'f']
  expect(
    epochLine(epochReport(1, { skippedImages: 9, skippedPaths }), { epochs: 3, metrics: testMetrics }),
  ).toBe(
    'epoch 1/3: noisy accuracy 51.0 %, clean accuracy 90.0 % on test images; 9 corrupt training images skipped so far: a, b, c, d, e, …',
  )
})

it.each([
  [0, '0 s'],
  [59_400, '59 s'],
  [59_600, '1 min 00 s'],
  [3_600_000, '1 h 00 min'],
  [183_900_000, '2 d 03 h'],
])('%d ms are %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

describe('the time left', () => {
  it('counts updates and what comes beside them, of this process alone', () => {
    let now = 0
    const clock = remainingTime({ now: () => now })
    expect(clock.leftMs()).toBeUndefined()
    // Resumed after step 6 of 12, in the middle of the second of three epochs.
    for (const step of [7, 8]) {
      now += 100
      clock.update(updateReport(step, { durationMs: 100 }))
    }
    expect(clock.leftMs()).toBe(400)
    now += 50
    clock.epoch()
    // Four updates, one more evaluation.
    expect(clock.leftMs()).toBe(450)
    now += 100
    clock.update(updateReport(9, { durationMs: 100 }))
    expect(clock.leftMs()).toBe(350)
    expect(clock.elapsedMs()).toBe(350)
  })

  it('follows the speed of the last updates', () => {
    const clock = remainingTime({ now: () => 0 })
    for (let step = 1; step <= 1000; step += 1) {
      clock.update(updateReport(step, { durationMs: step <= 900 ? 1000 : 10, steps: 1100 }))
    }
    expect(clock.leftMs()).toBe(1000)
  })
})

/** A watcher sees updates 4 to 10 of a run of 100, the eighth of which is not taken. */
async function watch(watcher: RunWatcher): Promise<void> {
  await watcher.onStart?.({
    plan: { epochs: 3, updates: 100 },
    objective: EARLIER_OBJECTIVE,
    stepsDone: 3,
  } as RunStart)
  for (let step = 4; step <= 10; step += 1) {
    const isBad = step === 8
    await watcher.onUpdate?.(
      updateReport(step, { steps: 100, taken: !isBad, ...(isBad ? { loss: Number.NaN } : {}) }),
    )
  }
  await watcher.onEpoch?.(epochReport(2))
  await watcher.onEnd?.('interrupted')
}

describe('trainingProgress', () => {
  let stderr: PretendedStream | undefined
  let stdout: string[]
  let errors: string[]

  beforeEach(() => {
    ;[stdout, errors] = [[], []]
    vi.spyOn(console, 'log').mockImplementation(line => void stdout.push(line))
    vi.spyOn(console, 'error').mockImplementation(line => void errors.push(line))
  })
  afterEach(() => {
    vi.restoreAllMocks()
    stderr?.restore()
  })

  it('draws one line on a terminal, which never wraps, and keeps what is to be read', async () => {
    stderr = pretendStream('stderr', { isTTY: true, columns: 60 })
    await watch(trainingProgress())
    const screen = await screenOf(stderr.written())
    expect(screen).toEqual([
      'step 8: not taken, loss NaN, gradient norm 2.00',
      'epoch 2/3: noisy accuracy 52.0 %, clean accuracy 90.0 % on test images',
      'epoch 3/3 · step 10/100 · 10 % · 9 s left · loss 0.100',
      '',
    ])
    expect(screen[2]?.length).toBeLessThan(60)
    // Nothing is left behind in a terminal whose program is killed: neither a hidden cursor nor lines that do not wrap.
    expect(stderr.written()).not.toMatch(/\?25l|\?7l/)
    expect(errors).toEqual([
      'continues after step 3/100',
      expect.stringMatching(/^interrupted after step 10\/100, /),
    ])
    expect(stdout).toEqual([])
  })

  it('writes a line now and then without a terminal', async () => {
    stderr = pretendStream('stderr', { isTTY: false })
    await watch(trainingProgress())
    expect(errors.map(line => line.replace(/ · .* · /, ' … '))).toEqual([
      'continues after step 3/100',
      'epoch 1/3 … lr 1.0e-3',
      'step 8: not taken, loss NaN, gradient norm 2.00',
      'epoch 3/3 … 1 skipped',
      'epoch 2/3: noisy accuracy 52.0 %, clean accuracy 90.0 % on test images',
      expect.stringMatching(/^interrupted after step 10\/100/),
    ])
    expect({ stdout, written: stderr.written() }).toEqual({ stdout: [], written: '' })
  })
})

describe('what a command line asks of the terminal', () => {
  const hooksOf = (...words: string[]) => {
    const program = addRunOptions(createProgram('tool', 'A tool.')).configureOutput({
      writeErr: () => undefined,
    })
    return runHooks(program.parse(words, { from: 'user' }).opts<RunOptions>())
  }

  it('is progress, nothing, or JSON on stdout alone', async () => {
    expect(hooksOf()).toMatchObject({ progress: true })
    expect(hooksOf('--quiet')).toMatchObject({ progress: false })
    const { progress, watchers: [json = {}] = [] } = hooksOf('--json')
    expect(progress).toBe(false)
    expect(Object.keys(json)).toEqual(Object.keys(jsonReports()))
    expect(() => hooksOf('--quiet', '--json')).toThrow(/cannot be used with/)
  })

  it('writes reports as lines of JSON', async () => {
    const stdout: string[] = []
    const log = vi.spyOn(console, 'log').mockImplementation(line => void stdout.push(line))
    await watch(jsonReports())
    log.mockRestore()
    expect(stdout.map(line => JSON.parse(line))).toEqual([
      ...[4, 5, 6, 7].map(step => updateRow(step, { steps: 100 })),
      { ...updateRow(8, { steps: 100, taken: false }), loss: null },
      ...[9, 10].map(step => updateRow(step, { steps: 100 })),
      epochRow(2),
    ])
  })
})
