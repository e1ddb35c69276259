import { expect, it } from 'vitest'
import { expectedCopies } from '../../src/certification/expected-copies'
import { certifiersOf, procedureOf } from '../../src/certification/procedure'
import { gaussianBound } from '../../src/statistics/bound'

const VOTES = { alpha: 0.001, n0: 100, n: 10_000 }
const certifier = (adaptive: Parameters<typeof procedureOf>[0]['adaptive']) =>
  certifiersOf(procedureOf({ adaptive, n: VOTES.n, batch: 100 }, { sigma: 0.5 }), {
    ...{ ...VOTES, bound: gaussianBound(0.5) },
  })()

it('are n0 + n of a fixed number of votes', () => {
  expect(expectedCopies(certifier('none'), { probabilities: [0.9] })).toBe(10_100)
})

it('are those that images of this probability take', () => {
  const grid = certifier({ radii: [0, 0.5] })
  // 0.8413 is what the radius 0.5 takes: far above it few votes tell, close to it many do not.
  expect(expectedCopies(grid, { probabilities: [0.99] })).toBeLessThan(250)
  expect(expectedCopies(grid, { probabilities: [0.8413] })).toBeGreaterThan(1000)
})

it('are, of typical images, what the logs of Cohen et al. took', () => {
  // docs/adaptive-certification.md: 3.57 times fewer on all images of the log.
  const grid = certifier({ radii: [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5] })
  expect(10_100 / expectedCopies(grid)).toBeGreaterThan(3.3)
  expect(10_100 / expectedCopies(grid)).toBeLessThan(3.9)
})
