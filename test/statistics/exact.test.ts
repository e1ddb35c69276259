import { describe, expect, it } from 'vitest'
import { gaussianBound } from '../../src/statistics/bound'
import { lowerConfidenceBound } from '../../src/statistics/confidence-bound'
import { discreteGaussian, discreteGaussianBound } from '../../src/statistics/discrete-gaussian'
import { exactLowerBound } from '../../src/statistics/exact-binomial'
import { fractionOf, normalBounds, PRECISION, roundedDown } from '../../src/statistics/exact-normal'
import { uniformBound } from '../../src/statistics/uniform-bound'

/** P[X ≥ successes] as numerator over 2^(53 trials), by the whole sum. */
function tail(successes: number, trials: number, share: bigint): bigint {
  let [sum, ways] = [0n, 1n]
  for (let hits = trials; hits >= successes; hits--) {
    sum += ways * share ** BigInt(hits) * (2n ** 53n - share) ** BigInt(trials - hits)
    ways = (ways * BigInt(hits)) / BigInt(trials - hits + 1)
  }
  return sum
}

describe('the bound of Clopper and Pearson in whole numbers', () => {
  it.each([
    [1, 1],
    [1, 40],
    [20, 40],
    [39, 40],
    [40, 40],
    [75, 90],
  ])('is the largest multiple of 2^-53 that %i of %i votes prove', (successes, trials) => {
    const alpha = 0.001
    const level = fractionOf(alpha)
    const whole = 2n ** (53n * BigInt(trials))
    const isWithin = (share: bigint) =>
      tail(successes, trials, share) * level.denominator <= level.numerator * whole
    const share = BigInt(exactLowerBound(successes, trials, { alpha }) * 2 ** 53)
    expect(isWithin(share)).toBe(true)
    expect(isWithin(share + 1n)).toBe(false)
  })

  it('is that of rounded numbers up to their rounding, and 0 without a success', () => {
    for (const [successes, trials] of [
      [50_500, 100_000],
      [99_000, 100_000],
      [100_000, 100_000],
    ] as const) {
      const exact = exactLowerBound(successes, trials, { alpha: 0.001 })
      expect(Math.abs(exact - lowerConfidenceBound(successes, trials, { alpha: 0.001 }))).toBeLessThan(1e-13)
    }
    expect(exactLowerBound(0, 10, { alpha: 0.001 })).toBe(0)
  })
})

describe('numbers rounded down', () => {
  it.each([0.1, 1, 1 / 3, 1e-200, 123456.789, 2 ** 60])(
    'are themselves where they are numbers: %f',
    value => {
      const { numerator, denominator } = fractionOf(value)
      expect(Number(numerator) / Number(denominator)).toBe(value)
      expect(roundedDown({ numerator, denominator })).toBe(value)
      // A little less is the number before.
      const less = roundedDown({ numerator: (numerator << 60n) - 1n, denominator: denominator << 60n })
      expect(less).toBeLessThan(value)
      expect(less).toBeGreaterThan(value * (1 - 2 ** -51))
    },
  )

  it('have Φ between bounds that are 2^-159 apart', () => {
    for (const z of [0, 0.5, 1, 3.8, 9]) {
      const { low, high } = normalBounds(fractionOf(z))
      expect(high - low).toBeLessThanOrEqual(1n << (PRECISION - 159n))
      expect(Number(low) / 2 ** 256).toBeCloseTo(gaussianBound(1).top(z), 14)
    }
  })
})

describe('Gaussian noise in whole steps', () => {
  it.each([0.12, 0.25, 1])('has the probabilities of rounded noise, sigma %f', sigma => {
    const { thresholds, largest, drawError } = discreteGaussian(sigma)
    expect(thresholds).toHaveLength(2 * largest)
    expect(drawError).toBe((2 * largest + 2) / 2 ** 64)
    for (const [place, threshold] of thresholds.entries()) {
      const steps = place - largest + 0.5
      expect(Number(threshold) / 2 ** 64).toBeCloseTo(gaussianBound(sigma).top(steps / 255), 14)
    }
    // What is cut off is within one cell of 2^-64 at each end.
    expect(thresholds[0]).toBe(0n)
    expect(thresholds.at(-1)).toBe(2n ** 64n - 1n)
  })

  it('has a radius that is rounded down, by less than two in the last place', () => {
    for (const top of [0.5, 0.6, 0.9, 0.999, 1 - 2 ** -40]) {
      const radius = discreteGaussianBound(0.25).radius(top)
      const z = fractionOf(radius)
      const sigma = fractionOf(0.25)
      const at = (numerator: bigint) =>
        normalBounds({
          numerator: numerator * sigma.denominator,
          denominator: z.denominator * sigma.numerator,
        })
      const wanted = fractionOf(top)
      const isBelow = ({ low }: { low: bigint }) => low * wanted.denominator <= wanted.numerator << PRECISION
      expect(isBelow(at(z.numerator)) || radius === 0).toBe(true)
      const above = fractionOf(radius === 0 ? 1e-16 : radius * (1 + 2 ** -51))
      const beyond = normalBounds({
        numerator: above.numerator * sigma.denominator,
        denominator: above.denominator * sigma.numerator,
      })
      expect(isBelow(beyond)).toBe(false)
      expect(radius).toBeCloseTo(gaussianBound(0.25).radius(top), 12)
    }
    expect(discreteGaussianBound(0.25).radius(0.4)).toBeLessThan(0)
  })

  it('is refused where its table has no end', () => {
    expect(() => discreteGaussian(1e-4)).toThrow('takes a sigma from 0.001 to 100')
  })
})

describe('the bound of uniform noise', () => {
  it('is that of the shares of two cubes, and the other way round', () => {
    const bound = uniformBound(0.5)
    const halfWidth = Math.sqrt(3) / 2
    expect(bound).toMatchObject({ kind: 'uniform', norm: 'l1' })
    expect(bound.radius(0.9)).toBeCloseTo(2 * halfWidth * 0.4, 12)
    expect(bound.radius(0.6, 0.1)).toBeCloseTo(halfWidth * 0.5, 12)
    expect(bound.radius(0.4)).toBeLessThan(0)
    expect(bound.top(bound.radius(0.8))).toBeCloseTo(0.8, 12)
    expect(bound.top(10)).toBe(1)
    expect(() => bound.radius(1)).toThrow('between 0 and 1')
    expect(() => uniformBound(0)).toThrow('sigma must be')
  })
})
