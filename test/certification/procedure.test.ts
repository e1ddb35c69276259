import { expect, it } from 'vitest'
import { certifiersOf, mostCopies, procedureOf } from '../../src/certification/procedure'
import { gaussianBound } from '../../src/statistics/bound'

const SMOOTHING = { sigma: 0.5 }
const OPTIONS = { bound: gaussianBound(0.5), alpha: 0.01, n0: 100, n: 700 }

it.each([
  ['none' as const, { kind: 'certify' }, [{ stage: 'estimation', count: 700 }]],
  [
    { radii: [0, 0.5] },
    { kind: 'grid', radii: [0, 0.5], block: 16, worth: 3500 },
    [{ stage: 'estimation', from: 0, count: 64 }],
  ],
  [
    { radius: 0.5, beta: 0.01 },
    { kind: 'at-radius', radius: 0.5, rounds: [700], beta: 0.01 },
    [{ stage: 'estimation', from: 0, count: 700 }],
  ],
  [
    { radius: 0.5, rounds: [20, 300], beta: 0.01 },
    { kind: 'at-radius', radius: 0.5, rounds: [20, 300], beta: 0.01 },
    [{ stage: 'estimation', from: 0, count: 20 }],
  ],
  [
    { maxRadiusLoss: 0.1 },
    { kind: 'sized', maxRadiusLoss: 0.1, block: 16 },
    [{ stage: 'pilot', from: 0, count: 64 }],
  ],
])('of the setting %j is complete, for the log, and makes its certifier', (adaptive, settings, asks) => {
  const procedure = procedureOf({ adaptive, n: 700, batch: 1000 }, SMOOTHING)
  expect(procedure).toEqual(settings)
  const certifier = certifiersOf(procedure, OPTIONS)({ ballot: 'mine' })
  expect(certifier).toMatchObject({ kind: settings.kind, ballot: 'mine' })
  expect(certifier.begin().next([])).toEqual({
    done: false,
    // Where a selection is drawn in each round, it begins where the one before has ended.
    value: [{ stage: 'selection', count: 100, ...(settings.kind === 'at-radius' && { from: 0 }) }, ...asks],
  })
})

it.each([
  [100_000, [1000, 10_000, 100_000]],
  [1000, [100, 1000]],
  [1050, [105, 1050]],
  [90, [90]],
])('has its own rounds for n = %i', (n, rounds) => {
  const settings = { adaptive: { radius: 1, beta: 0.01 }, n, batch: 100 }
  expect(procedureOf(settings, SMOOTHING)).toMatchObject({ rounds })
})

it.each([
  [0.12, [0, 0.06, 0.12, 0.18, 0.24, 0.3, 0.36, 0.42]],
  [1, [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]],
])('has radii that follow σ = %d where that is asked for', (sigma, radii) => {
  const adaptive = { radii: 'sigma' as const }
  expect(procedureOf({ adaptive, n: 1000, batch: 100 }, { sigma })).toMatchObject({ radii })
})

it.each([
  [100, {}, { block: 16, worth: 5000 }],
  [2047, {}, { block: 16 }],
  [2048, {}, { block: 32 }],
  [10_000, {}, { block: 144 }],
  [2048, { block: 48, worth: 3.5 }, { block: 48, worth: 3500 }],
])('draws, with a batch of %d and %j, as many votes at once as fill passes', (batch, changes, expected) => {
  const settings = { adaptive: { radii: [0, 0.5], ...changes }, n: 1000, batch }
  expect(procedureOf(settings, SMOOTHING)).toMatchObject(expected)
  const sized = { ...settings, adaptive: { maxRadiusLoss: 0.1, block: settings.adaptive.block } }
  expect(procedureOf(sized, SMOOTHING)).toMatchObject({ block: expected.block })
})

it('takes n0 + n copies an image at most, or those of all rounds', () => {
  expect(mostCopies({ kind: 'certify' }, OPTIONS)).toBe(800)
  const rounds = { kind: 'at-radius', radius: 0.5, rounds: [20, 300], beta: 0.01 } as const
  expect(mostCopies(rounds, OPTIONS)).toBe(520)
})
