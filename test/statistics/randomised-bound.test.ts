import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors'
import { binomialDistribution } from '../../src/statistics/binomial'
import { lowerConfidenceBound, randomisedLowerBound } from '../../src/statistics/confidence-bound'
import { uniformOfBound } from '../../src/statistics/uniform-of-bound'

type LowerBound = (successes: number, trials: number, options: { alpha: number; uniform: number }) => number

/**
 * The probability that a bound is above p. For a count it is above for all uniform numbers below one: that one is found by bisection, and
 * is the share of numbers that fail.
 */
function errorAt(p: number, { n, alpha, bound }: { n: number; alpha: number; bound: LowerBound }): number {
  const { first, weights } = binomialDistribution(n, p)
  return weights.reduce((sum, weight, at) => {
    const isAbove = (uniform: number) => bound(first + at, n, { alpha, uniform }) > p
    let [below, above] = [0, 1]
    if (isAbove(1)) return sum + weight
    for (let step = 0; step < 50; step += 1) {
      const middle = (below + above) / 2
      if (isAbove(middle)) below = middle
      else above = middle
    }
    return sum + weight * below
  }, 0)
}

describe('the randomised bound', () => {
  it.each([
    [20, 0.05],
    [100, 0.01],
    [100, 0.001],
    [1000, 0.001],
  ])('fails with probability alpha exactly, summed over all counts: n = %d, alpha = %d', (n, alpha) => {
    // Up to where unanimous votes show no more than at level 1/2.
    for (const p of [0.3, 0.5, 0.61, 0.8, 0.95].filter(own => own < 0.5 ** (1 / n))) {
      const error = errorAt(p, { n, alpha, bound: randomisedLowerBound })
      expect(error / alpha).toBeCloseTo(1, 6)
      // That of Clopper and Pearson wastes some of it.
      const fixed: LowerBound = (k, of, options) => lowerConfidenceBound(k, of, options)
      expect(errorAt(p, { n, alpha, bound: fixed })).toBeLessThan(0.999 * alpha)
      // Broken on purpose: the same number with twice the weight is not seen as alpha.
      const halved: LowerBound = (k, of, { uniform }) =>
        randomisedLowerBound(k, of, { alpha, uniform: uniform / 2 })
      expect(errorAt(p, { n, alpha, bound: halved })).toBeGreaterThan(1.01 * alpha)
    }
  })

  it('fails with no more than alpha beyond', () => {
    const [n, alpha] = [100, 0.001]
    for (const p of [0.5 ** (1 / n) + 1e-6, 0.9999]) {
      expect(errorAt(p, { n, alpha, bound: randomisedLowerBound })).toBeLessThanOrEqual(alpha)
    }
  })

  it('is that of Clopper and Pearson for the number 1, and grows to that of one success more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 2000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        fc.constantFrom(0.05, 0.001, 1e-6),
        (n, share, uniform, alpha) => {
          const k = Math.round(share * (n - 1))
          const [own, next] = [k, k + 1].map(of => lowerConfidenceBound(of, n, { alpha })) as [number, number]
          const one = randomisedLowerBound(k, n, { alpha, uniform: 1 })
          expect(Math.abs(one - own)).toBeLessThan(1e-12)
          const found = randomisedLowerBound(k, n, { alpha, uniform })
          expect(found).toBeGreaterThanOrEqual(own - 1e-12)
          expect(found).toBeLessThanOrEqual(next)
          // What it is defined by.
          const weight = k === n ? Math.max(uniform, 2 * alpha) : uniform
          const error =
            weight * binomialCdf(n - k, n, 1 - found) +
            (k === n ? 0 : (1 - weight) * binomialCdf(n - k - 1, n, 1 - found))
          expect(k === 0 ? 0 : error).toBeLessThanOrEqual(alpha * (1 + 1e-9))
        },
      ),
    )
    expect(randomisedLowerBound(50, 50, { alpha: 0.001, uniform: 1e-9 })).toBeCloseTo(0.5 ** (1 / 50), 14)
  })

  it('takes a number that the name of the image decides', () => {
    const numbers = Array.from({ length: 2000 }, (_, image) => uniformOfBound([0, 'certify', image]))
    expect(Math.min(...numbers)).toBeGreaterThan(0)
    expect(Math.max(...numbers)).toBeLessThanOrEqual(1)
    expect(numbers.reduce((sum, number) => sum + number, 0) / 2000).toBeCloseTo(0.5, 1)
    expect(uniformOfBound([0, 'certify', 7])).toBe(numbers[7])
    expect(uniformOfBound([1, 'certify', 7])).not.toBe(numbers[7])
  })

  it.each([0, -0.1, 1.1, Number.NaN])('refuses the number %d', uniform => {
    expect(() => randomisedLowerBound(5, 10, { alpha: 0.01, uniform })).toThrow(ConfigError)
  })
})
