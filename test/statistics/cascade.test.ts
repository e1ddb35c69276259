import { expect, it } from 'vitest'
import { ConfigError } from '../../src/errors'
import { requireCascade } from '../../src/statistics/cascade'

const GOOD = { alpha: 0.001, threshold: 0.5, rule: 'sound' } as const

it('takes scales that descend', () => {
  expect(() => requireCascade([1, 0.5, 0.25], GOOD)).not.toThrow()
  expect(() => requireCascade([1], { ...GOOD, threshold: 0.7, rule: 'published' })).not.toThrow()
})

it.each<[string, readonly number[], object, RegExp]>([
  ['scales that ascend', [0.25, 0.5], {}, /must descend, got sigma \[0.25, 0.5\].*largest σ first/],
  ['a scale twice', [0.5, 0.5], {}, /must descend/],
  ['no scale', [], {}, /must descend/],
  ['a threshold below 1/2', [1, 0.5], { threshold: 0.4 }, /at least 1\/2 .* got 0.4/],
  [
    'the released rule above 1/2',
    [1, 0.5],
    { threshold: 0.7, rule: 'released' },
    /certifies falsely .* got 0.7/,
  ],
  ['an alpha of 1', [1, 0.5], { alpha: 1 }, /alpha must be between 0 and 1/],
])('refuses %s', (_what, sigmas, change, message) => {
  const refused = () => requireCascade(sigmas, { ...GOOD, ...change })
  expect(refused).toThrow(ConfigError)
  expect(refused).toThrow(message)
})
