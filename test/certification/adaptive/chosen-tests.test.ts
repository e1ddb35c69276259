import { describe, expect, it } from 'vitest'
import { GridCertification } from '../../../src/certification/adaptive/grid-certification'
import { gaussianBound } from '../../../src/statistics/bound'
import { operatingCharacteristics } from '../../../src/statistics/sequential-test'
import { ALPHA, draw, mostFailures, uniform } from '../soundness/simulate'

const RADIUS = 0.25
const bound = gaussianBound(0.25)
const OPTIONS = { bound, alpha: ALPHA, n: 400, radii: [RADIUS] } as const
const PRIORS = [
  { a: 1, b: 0.2 },
  { a: 60, b: 2 },
  { a: 3, b: 12 },
]
const grids = PRIORS.map(prior => new GridCertification({ ...OPTIONS, prior }))
/** One where many votes are worth little. */
const all = [
  ...grids,
  new GridCertification({ ...OPTIONS, worth: 100 }),
  new GridCertification({ ...OPTIONS, block: 400 }),
]

/** Images whose class has just less than the probability of the radius. */
function falseCertificates(chosen: (misses: number) => readonly GridCertification[]): number {
  const random = uniform(31)
  const p = bound.top(RADIUS) - 1e-9
  let failed = 0
  for (let image = 0; image < 10_000; image += 1) {
    const misses = draw([1 - p, p], 50, random)[0] ?? 0
    const votes = Array.from({ length: OPTIONS.n }, () => random() < p)
    const certifies = (grid: GridCertification) => {
      const run = grid.begin()
      let drawn = 0
      for (let next = run.next; next; next = run.next) {
        run.observe(votes.slice(drawn, drawn + next.votes).filter(Boolean).length)
        drawn += next.votes
      }
      return run.certificate.radius >= RADIUS
    }
    if (chosen(misses).some(certifies)) failed += 1
  }
  return failed
}

describe('tests of a grid', () => {
  it.each(PRIORS)('keep alpha under the prior %j', prior => {
    for (const test of new GridCertification({ ...OPTIONS, prior }).tests) {
      expect(operatingCharacteristics(test, test.threshold).certified).toBeLessThanOrEqual(ALPHA)
    }
  })

  it('keep alpha where the votes of the selection choose among them, and not where those of the estimation do', () => {
    const bySelection = (misses: number) => [
      (misses < 6 ? grids[1] : misses < 12 ? grids[0] : grids[2]) as GridCertification,
    ]
    expect(falseCertificates(bySelection)).toBeLessThanOrEqual(mostFailures())
    expect(falseCertificates(() => all)).toBeGreaterThan(mostFailures())
  })
})
