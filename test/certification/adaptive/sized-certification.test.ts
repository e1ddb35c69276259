import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type SizedCertificate,
  SizedCertification,
} from '../../../src/certification/adaptive/sized-certification'
import { certifyFromCounts } from '../../../src/certification/statistics'
import { ConfigError } from '../../../src/errors'
import { radiusOf } from '../../../src/logs/outcome'
import { gaussianBound } from '../../../src/statistics/bound'

const OPTIONS = { bound: gaussianBound(0.25), alpha: 0.001, n: 100_000, maxRadiusLoss: 0.05 } as const

/** With this many misses in each stage as is nearest to the rate. */
function certificateAt(
  missRate: number,
  certification = new SizedCertification(OPTIONS),
): { certificate: SizedCertificate; draws: { votes: number; stage: string; hits: number }[] } {
  const run = certification.begin()
  const draws: { votes: number; stage: string; hits: number }[] = []
  for (let next = run.next; next; next = run.next) {
    const hits = next.votes - Math.round(next.votes * missRate)
    draws.push({ ...next, hits })
    run.observe(hits)
  }
  return { certificate: run.certificate, draws }
}

describe('SizedCertification', () => {
  it('certifies as CERTIFY does, from the estimation alone', () => {
    const sized = new SizedCertification(OPTIONS)
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), missRate => {
        const { certificate, draws } = certificateAt(missRate, sized)
        const estimation = draws.filter(({ stage }) => stage === 'estimation')
        expect(estimation).toHaveLength(1)
        const { votes, hits } = estimation[0] as (typeof draws)[number]
        const expected = certifyFromCounts([1, 0], [hits, votes - hits], OPTIONS)
        expect(certificate).toEqual({
          abstains: expected.kind === 'abstains',
          radius: radiusOf(expected),
          lowerBound: expected.evidence.lowerBound,
          candidateCount: hits,
          n: votes,
          pilot: draws.reduce((sum, draw) => sum + draw.votes, 0) - votes,
          planned: votes,
        })
      }),
      { numRuns: 50 },
    )
  })

  it.each([0, 0.0001, 0.001, 0.01, 0.05, 0.2, 0.35])(
    'loses no more of the radius than it may at a miss rate of %f',
    missRate => {
      const { certificate } = certificateAt(missRate)
      const misses = Math.round(OPTIONS.n * missRate)
      const radius = radiusOf(certifyFromCounts([1, 0], [OPTIONS.n - misses, misses], OPTIONS))
      // Whole misses move a radius by some hundredths.
      expect(radius - certificate.radius).toBeLessThan(OPTIONS.maxRadiusLoss + 0.01)
      expect(certificate.n + certificate.pilot).toBeLessThan(
        missRate < 0.001 ? 0.5 * OPTIONS.n : 0.3 * OPTIONS.n,
      )
    },
  )

  it('uses more votes for a smaller loss and never more than n', () => {
    const votes = [0.2, 0.05, 0.01, 1e-6].map(maxRadiusLoss => {
      const { certificate } = certificateAt(0.01, new SizedCertification({ ...OPTIONS, maxRadiusLoss }))
      return certificate.n + certificate.pilot
    })
    expect(votes).toEqual([...votes].sort((a, b) => a - b))
    expect(new Set(votes).size).toBe(4)
    expect(votes.at(-1)).toBe(OPTIONS.n)
  })

  it('spends little on what cannot be certified', () => {
    const { certificate } = certificateAt(0.7)
    expect(certificate.abstains).toBe(true)
    expect(certificate.n + certificate.pilot).toBeLessThan(300)
  })

  it('is CERTIFY where n leaves no room for a pilot of a tenth', () => {
    const { draws } = certificateAt(0.1, new SizedCertification({ ...OPTIONS, n: 639 }))
    expect(draws).toEqual([{ votes: 639, stage: 'estimation', hits: 575 }])
    const { certificate } = certificateAt(0.1, new SizedCertification({ ...OPTIONS, n: 640 }))
    expect(certificate.pilot).toBeGreaterThanOrEqual(64)
  })

  // A scan over all numbers of votes, from below, with SciPy: beta.ppf, and binom.sf for the bound of the pilot.
  it.each([
    [0, {}, [64, 64, 128, 256], 5104],
    [0.01, {}, [64, 64, 96], 1904],
    [0.1, {}, [64, 16], 592],
    [0.3, {}, [64], 336],
    [0.6, {}, [64], 16],
    [0.06, { bound: gaussianBound(0.5), alpha: 0.01, n: 5003, block: 100 }, [100, 100], 1000],
    [0.03, { bound: gaussianBound(1), n: 100_000, maxRadiusLoss: 0.1 }, [64, 64, 128, 256], 4816],
    [0.02, { bound: gaussianBound(1), n: 1007, maxRadiusLoss: 1e-6, block: 10 }, [70, 40], 897],
  ])(
    'draws the fewest votes that the pilot allows, at a miss rate of %d with %o',
    (rate, options, pilot, n) => {
      const { draws } = certificateAt(rate, new SizedCertification({ ...OPTIONS, n: 10_000, ...options }))
      expect(draws.map(({ votes, stage }) => [stage, votes])).toEqual([
        ...pilot.map(votes => ['pilot', votes]),
        ['estimation', n],
      ])
    },
  )

  it('certifies at a bound of exactly 1/2, as CERTIFY does', () => {
    // One vote: the bound is alpha.
    const { certificate } = certificateAt(0, new SizedCertification({ ...OPTIONS, alpha: 0.5, n: 1 }))
    expect(certificate).toMatchObject({ abstains: false, radius: 0, lowerBound: 0.5 })
    expect(certifyFromCounts([1, 0], [1, 0], { ...OPTIONS, alpha: 0.5 })).toMatchObject({ class: 0 })
  })

  it.each([
    [{ alpha: 2 }, 'alpha'],
    [{ n: -1 }, 'n must'],
    [{ block: 1.5 }, 'block'],
    [{ maxRadiusLoss: 0 }, 'maxRadiusLoss'],
    [{ maxRadiusLoss: Number.NaN }, 'maxRadiusLoss'],
  ])('refuses %o', (options, message) => {
    expect(() => new SizedCertification({ ...OPTIONS, ...options })).toThrow(ConfigError)
    expect(() => new SizedCertification({ ...OPTIONS, ...options })).toThrow(message)
  })

  it('gives no certificate before it is done, and takes no votes after', () => {
    const run = new SizedCertification(OPTIONS).begin()
    expect(() => run.certificate).toThrow(ConfigError)
    expect(() => run.certificate).toThrow('asks for 64 more votes. Draw what')
    expect(() => run.observe(65)).toThrow(ConfigError)
    for (let next = run.next; next; next = run.next) run.observe(next.votes)
    expect(() => run.observe(1)).toThrow(ConfigError)
  })
})
