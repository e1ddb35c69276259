import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binomialDistribution } from '../../src/statistics/binomial'

/** C(trials, k) p^k (1 - p)^(trials - k) for each k, in whole numbers until the last division. */
function exactProbabilities(trials: number, [numerator, denominator]: readonly [bigint, bigint]): number[] {
  let choices = 1n
  return Array.from({ length: trials + 1 }, (_, k) => {
    if (k > 0) choices = (choices * BigInt(trials - k + 1)) / BigInt(k)
    const ways = choices * numerator ** BigInt(k) * (denominator - numerator) ** BigInt(trials - k)
    // Probabilities here are above 2^-40, and keep 80 binary digits.
    return Number((ways << 120n) / denominator ** BigInt(trials)) / 2 ** 120
  })
}

describe('binomialDistribution', () => {
  it.each([
    [1n, 10n],
    [1n, 2n],
    [7n, 10n],
    [9n, 10n],
  ] as const)('has every count of few trials with its exact probability, p = %d / %d', (...p) => {
    for (let trials = 1; trials <= 12; trials++) {
      const { first, weights } = binomialDistribution(trials, Number(p[0]) / Number(p[1]))
      expect(first).toBe(0)
      const exact = exactProbabilities(trials, p)
      expect(weights).toHaveLength(trials + 1)
      weights.forEach((weight, k) => {
        expect(Math.abs(weight / (exact[k] as number) - 1)).toBeLessThan(1e-13)
      })
    }
  })

  const trials = fc.integer({ min: 1, max: 20_000 })
  const probability = fc.oneof(
    fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }),
    fc.double({ min: 1e-6, max: 0.01, noNaN: true }).map(miss => 1 - miss),
  )

  it('is cut on both sides as soon as a count has 1e-20 of the largest weight, and no sooner', () => {
    fc.assert(
      fc.property(trials, probability, (n, p) => {
        const { first, weights } = binomialDistribution(n, p)
        const limit = 1e-20 * weights.reduce((largest, weight) => Math.max(largest, weight), 0)
        const last = first + weights.length - 1
        expect(first).toBeGreaterThanOrEqual(0)
        expect(last).toBeLessThanOrEqual(n)
        if (first > 0) expect(weights[0]).toBeLessThanOrEqual(limit)
        if (last < n) expect(weights.at(-1)).toBeLessThanOrEqual(limit)
        for (const weight of weights.subarray(1, -1)) expect(weight).toBeGreaterThan(limit)
      }),
    )
  })

  it('adds up to 1 and has the mean and the variance of votes', () => {
    fc.assert(
      fc.property(trials, probability, (n, p) => {
        const { first, weights } = binomialDistribution(n, p)
        let [sum, mean, square] = [0, 0, 0]
        weights.forEach((weight, i) => {
          const deviation = first + i - n * p
          sum += weight
          mean += weight * deviation
          square += weight * deviation ** 2
        })
        expect(Math.abs(sum - 1)).toBeLessThan(1e-13)
        expect(Math.abs(mean)).toBeLessThan(1e-9)
        expect(Math.abs(square / (n * p * (1 - p)) - 1)).toBeLessThan(1e-9)
      }),
    )
  })
})
