import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { operatingCharacteristics, type SequentialTest } from '../../src/statistics/sequential-test'
import { voteByVote } from '../certification/adaptive/vote-by-vote'

const HAND_MADE: SequentialTest = {
  threshold: 0.7,
  looks: [10, 25, 40, 60],
  certifyUpTo: [-1, 2, 6, 12],
  giveUpFrom: [6, 11, 12, 13],
}

describe('operatingCharacteristics', () => {
  it.each([0.05, 0.5, 0.7, 0.9, 0.999])('agrees with counting vote by vote at p = %f', p => {
    const expected = voteByVote(HAND_MADE, p)
    const { certified, votes } = operatingCharacteristics(HAND_MADE, p)
    expect(Math.abs(certified - expected.certified)).toBeLessThan(1e-14)
    expect(Math.abs(votes - expected.votes)).toBeLessThan(1e-11)
  })

  it.each([
    [0.5, 1000],
    [0.99, 100_000],
  ])('is a binomial tail for a single look, p = %f, n = %i', (p, n) => {
    for (const standardDeviations of [-4, -1, 0, 2]) {
      const misses = Math.round(n * (1 - p) + standardDeviations * Math.sqrt(n * p * (1 - p)))
      const test = { threshold: 0.5, looks: [n], certifyUpTo: [misses], giveUpFrom: [misses + 1] }
      const expected = binomialCdf(misses, n, 1 - p)
      expect(Math.abs(operatingCharacteristics(test, p).certified / expected - 1)).toBeLessThan(1e-9)
      expect(operatingCharacteristics(test, p).votes).toBeCloseTo(n, 6)
    }
  })

  it('certifies the more, the more probable the class', () => {
    const probability = fc.double({ min: 0.01, max: 0.99, noNaN: true })
    fc.assert(
      fc.property(anyTest, probability, probability, (test, p, q) => {
        const [lower, upper] = [Math.min(p, q), Math.max(p, q)].map(
          share => operatingCharacteristics(test, share).certified,
        )
        expect(lower).toBeLessThanOrEqual((upper as number) + 1e-14)
      }),
    )
  })
})

/** Boundaries of any shape: what is shown of them needs no more than their order. */
const anyTest: fc.Arbitrary<SequentialTest> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(20)), {
    minLength: 1,
    maxLength: 6,
  })
  .map(stages => {
    let votes = 0
    const looks = stages.map(([step]) => {
      votes += step
      return votes
    })
    const certifyUpTo = stages.map(([, share], k) => Math.floor(share * (looks[k] as number)) - 1)
    const giveUpFrom = stages.map(
      ([, , gap], k) => (certifyUpTo[k] as number) + 1 + (k + 1 < stages.length ? gap : 0),
    )
    return { threshold: 0.5, looks, certifyUpTo, giveUpFrom }
  })
