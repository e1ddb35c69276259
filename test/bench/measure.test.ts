import { expect, test } from 'vitest'
import { lossDifference, measure, type Round, requireAgreement } from '../../bench/training/measure'
import { summarize } from '../../bench/training/summary'
import { AS_IT_IS, workload } from '../../bench/training/workload'

/** A round whose losses and attacked images are these. */
function round(
  typescript: { loss: number; attacked: number },
  python: { loss: number; attacked: number },
): Round {
  const rest = { selectiveCrossEntropy: 0, adversarial: 0, gradientNorm: 1 }
  return {
    mode: AS_IT_IS,
    typescript: {
      figures: { ...rest, ...typescript },
      totalMs: 1,
      devicePeak: null,
      phases: {} as Round['typescript']['phases'],
    },
    python: { figures: { ...rest, ...python }, totalMs: 1, devicePeak: null },
  }
}

const SAME = round({ loss: 1.25, attacked: 7 }, { loss: 1.25, attacked: 7 })

test('agrees on equal losses, and on those that rounding keeps apart', () => {
  requireAgreement([SAME, round({ loss: 1.250001, attacked: 7 }, { loss: 1.25, attacked: 7 })])
})

test.each([
  ['another loss', round({ loss: 1.2502, attacked: 7 }, { loss: 1.25, attacked: 7 })],
  ['another number of attacked images', round({ loss: 1.25, attacked: 8 }, { loss: 1.25, attacked: 7 })],
  [
    'a loss that is not a number',
    round({ loss: Number.NaN, attacked: 7 }, { loss: Number.NaN, attacked: 7 }),
  ],
])('refuses to time sides with %s, and names the update', (_, different) => {
  expect(() => requireAgreement([SAME, different])).toThrow(/nothing to time\. Update 1: loss/)
})

test('an update in TypeScript is the same as in the plain Python loop, in two answers', async () => {
  const measurement = await measure({
    workload: workload('digits'),
    device: 'cpu',
    threads: 1,
    checkedUpdates: 4,
    timedUpdates: 2,
  })
  const rounds = [...measurement.checked, ...measurement.timed]
  expect(rounds).toHaveLength(6)
  expect(lossDifference(rounds)).toBeLessThan(1e-6)
  for (const { typescript, python } of rounds) {
    expect(typescript.figures.attacked).toBe(python.figures.attacked)
    expect(typescript.figures.gradientNorm / python.figures.gradientNorm).toBeCloseTo(1, 6)
    expect(typescript.phases.answers).toBe(2)
  }
  expect(new Set(rounds.map(({ typescript }) => typescript.figures.loss)).size).toBe(6)
  expect(rounds.some(({ python }) => python.figures.attacked > 0)).toBe(true)
  const { typescriptMs, hostMs, phases } = summarize(measurement)
  expect(hostMs.median).toBeLessThan(typescriptMs.median)
  expect(phases.pythonMs).toBeGreaterThan(hostMs.median)
}, 180_000)
