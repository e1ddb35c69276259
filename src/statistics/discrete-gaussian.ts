import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import { ConfigError } from '../errors'
import { type Bound, gaussianBound, leastTop } from './bound'
import { type Fraction, fractionOf, normalBounds, PRECISION, roundedDown } from './exact-normal'

/** Steps of 8-bit pixels between 0 and 1. */
export const PIXEL_STEPS = 255

const BITS = 64n

/** Gaussian noise rounded to whole steps of a pixel, drawn from 64 fair bits. */
export interface DiscreteGaussian {
  /**
   * For a whole number u of 64 bits, the noise in steps is -largest plus the number of thresholds that are at most u. The k-th is ⌊2^64
   * Φ((k - largest + 1/2) / (255 σ))⌋.
   */
  readonly thresholds: readonly bigint[]
  /** Largest absolute value of the noise in steps. */
  readonly largest: number
  /** Upper bound of the probability that a draw differs from rounded Gaussian noise. */
  readonly drawError: number
}

/**
 * Returns the table for drawing Gaussian noise, rounded to whole steps of 1/255.
 *
 * @param sigma - standard deviation for pixels in [0, 1]
 * @throws ConfigError unless sigma is from 0.001 to 100
 */
export function discreteGaussian(sigma: number): DiscreteGaussian {
  if (!(sigma >= 1e-3 && sigma <= 100)) {
    throw new ConfigError(`Noise in whole steps of a pixel takes a sigma from 0.001 to 100, got ${sigma}.`, {
      remedy: 'Set the noise level on the [0, 1] pixel scale, for instance 0.5.',
    })
  }
  const above: bigint[] = []
  for (let steps = 0; above[steps - 1] !== (1n << BITS) - 1n; steps += 1)
    above.push(thresholdAt(steps, sigma))
  // Φ(-z) = 1 - Φ(z), and no threshold is a whole number.
  const thresholds = [...above.map(threshold => (1n << BITS) - 1n - threshold).reverse(), ...above]
  // A number in the same cell of 2^-64 as a threshold, or as all those beyond the table, may be rounded either way.
  return { thresholds, largest: above.length, drawError: (thresholds.length + 2) / 2 ** 64 }
}

/** ⌊2^64 Φ((steps + 1/2) / (255 σ))⌋ */
function thresholdAt(steps: number, sigma: number): bigint {
  const { numerator, denominator } = fractionOf(sigma)
  const z = {
    numerator: BigInt(2 * steps + 1) * denominator,
    denominator: BigInt(2 * PIXEL_STEPS) * numerator,
  }
  if (z.numerator >= 10n * z.denominator) return (1n << BITS) - 1n
  const { low, high } = normalBounds(z)
  const threshold = low >> (PRECISION - BITS)
  if (threshold === high >> (PRECISION - BITS)) return threshold
  throw new Error(`Φ is not known to 64 bits for ${steps} steps of sigma ${sigma}`)
}

/**
 * σ Φ⁻¹(top), rounded down: the radius for Gaussian noise that is rounded to the grid of pixels, and images on that grid (Voráček and Hein,
 * 2023; docs/sound.md).
 *
 * @param sigma - standard deviation of the noise before rounding, for pixels in [0, 1]
 */
export function discreteGaussianBound(sigma: number): Bound {
  const known = gaussianBound(sigma)
  // Images share counts, and a radius takes milliseconds.
  const radii = new Map<number, number>()
  const radius = (top: number, rest?: number) => {
    if (rest !== undefined) {
      throw new ConfigError('Noise in whole steps of a pixel has a radius for the leading class alone.', {
        remedy: 'Bound the probability of one class, as CERTIFY does.',
      })
    }
    // Nothing is certified below one half.
    if (!(top >= 0.5 && top < 1)) return known.radius(top)
    const found = radii.get(top) ?? radiusBelow(top, sigma)
    radii.set(top, found)
    return found
  }
  return { kind: 'discrete-gaussian', norm: 'l2', radius, top: wanted => leastTop(wanted, radius) }
}

/** Returns σ Φ⁻¹(top), or the next smaller number. */
function radiusBelow(top: number, sigma: number): number {
  const { numerator, denominator } = fractionOf(sigma)
  const z = quantileBelow(top)
  return roundedDown({ numerator: numerator * z.numerator, denominator: denominator * z.denominator })
}

const FINE = 80n

/** Returns the largest multiple of 2^-80, from 1/2 on, at which Φ is proved to be at most the probability. */
function quantileBelow(probability: number): Fraction {
  const { numerator, denominator } = fractionOf(probability)
  const isBelow = (z: bigint) =>
    z <= 0n ||
    normalBounds({ numerator: z, denominator: 1n << FINE }).high * denominator <= numerator << PRECISION
  const near = fractionOf(normalQuantile(probability, 0, 1))
  let low = (near.numerator << FINE) / near.denominator
  let high = low + 1n
  for (let step = 1n << 32n; !isBelow(low); step *= 2n) [high, low] = [low, low > step ? low - step : 0n]
  for (let step = 1n << 32n; isBelow(high); step *= 2n) [low, high] = [high, high + step]
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (isBelow(middle)) low = middle
    else high = middle
  }
  return { numerator: low, denominator: 1n << FINE }
}
