import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AdaptiveCertificate } from '../../../src/certification/adaptive/adaptive-run'
import { SizedCertification } from '../../../src/certification/adaptive/sized-certification'
import { certifyFromCounts } from '../../../src/certification/statistics'
import { ConfigError } from '../../../src/errors'

const OPTIONS = { sigma: 0.25, alpha: 0.001, n: 100_000, maxRadiusLoss: 0.05 } as const

let sized: SizedCertification
beforeAll(() => {
  sized = new SizedCertification(OPTIONS)
})

/** With so many misses in each stage as is nearest to the rate. */
function certificateAt(
  missRate: number,
  certification = sized,
): { certificate: AdaptiveCertificate; draws: { votes: number; stage: string; hits: number }[] } {
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
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), missRate => {
        const { certificate, draws } = certificateAt(missRate)
        const estimation = draws.filter(({ stage }) => stage === 'estimation')
        expect(estimation).toHaveLength(1)
        const { votes, hits } = estimation[0] as (typeof draws)[number]
        const expected = certifyFromCounts([1, 0], [hits, votes - hits], OPTIONS)
        expect(certificate).toEqual({
          abstains: expected.prediction < 0,
          radius: expected.radius,
          lowerBound: expected.lowerBound,
          candidateCount: hits,
          n: votes,
          pilot: draws.reduce((sum, draw) => sum + draw.votes, 0) - votes,
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
      const { radius } = certifyFromCounts([1, 0], [OPTIONS.n - misses, misses], OPTIONS)
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

  it('is CERTIFY where n leaves no room for a pilot', () => {
    const { draws } = certificateAt(0.1, new SizedCertification({ ...OPTIONS, n: 600 }))
    expect(draws).toEqual([{ votes: 600, stage: 'estimation', hits: 540 }])
  })

  it.each([
    [{ alpha: 2 }, 'alpha'],
    [{ n: -1 }, 'n must'],
    [{ block: 1.5 }, 'block'],
    [{ sigma: -1 }, 'sigma'],
    [{ maxRadiusLoss: 0 }, 'maxRadiusLoss'],
    [{ maxRadiusLoss: Number.NaN }, 'maxRadiusLoss'],
  ])('refuses %o', (options, message) => {
    expect(() => new SizedCertification({ ...OPTIONS, ...options })).toThrow(ConfigError)
    expect(() => new SizedCertification({ ...OPTIONS, ...options })).toThrow(message)
  })

  it('gives no certificate before it is done, and takes no votes after', () => {
    const run = sized.begin()
    expect(() => run.certificate).toThrow(ConfigError)
    expect(() => run.observe(65)).toThrow(ConfigError)
    for (let next = run.next; next; next = run.next) run.observe(next.votes)
    expect(() => run.observe(1)).toThrow(ConfigError)
  })
})
