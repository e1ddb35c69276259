import { expect, it } from 'vitest'
import { certifiersOf, procedureOf } from '../../src/certification/procedure'
import { gaussianBound } from '../../src/statistics/bound'

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
  const procedure = procedureOf({ adaptive, n: 700 })
  expect(procedure).toEqual(settings)
  const certifier = certifiersOf(procedure, OPTIONS)('mine')
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
])('has rounds of its own for n = %i', (n, rounds) => {
  expect(procedureOf({ adaptive: { radius: 1, beta: 0.01 }, n })).toMatchObject({ rounds })
})
