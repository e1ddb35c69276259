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
    value: [{ stage: 'selection', count: 100 }, ...asks],
  })
})
