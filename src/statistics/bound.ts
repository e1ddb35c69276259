import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import { ConfigError } from '../errors'

/** The norms of radii in display form. */
export const NORM_TEXT = { l1: 'ℓ1', l2: 'ℓ2' } as const

/** A bound from the probability of a class under the noise to the radius within which it stays the prediction. */
export interface Bound {
  /** Names the bound in logs. */
  readonly kind: string
  /** The norm of the radii. */
  readonly norm: keyof typeof NORM_TEXT
  /**
   * Returns the radius on the [0, 1] pixel scale within which a class of at least the probability `top` stays ahead of all others, each
   * with at most `rest`. Increasing in `top`; negative if `top` is less than `rest`.
   *
   * @param rest - default 1 - top
   * @throws ConfigError unless the probabilities are in (0, 1)
   */
  radius(top: number, rest?: number): number
  /** Returns the smallest `top` whose radius, with the default `rest`, is at least this one; 1 if there is none below. */
  top(radius: number): number
}

/**
 * The bound for Gaussian noise: σ Φ⁻¹(top), or with `rest` σ/2 (Φ⁻¹(top) - Φ⁻¹(rest)) (Cohen et al., 2019, Theorem 1).
 *
 * @param sigma - standard deviation of the noise for pixels in [0, 1]
 * @throws ConfigError unless sigma is finite and above 0
 *
 * @example
 * gaussianBound(0.5).radius(0.975).toFixed(2) // => '0.98'
 * gaussianBound(0.5).top(1).toFixed(4) // => '0.9772'
 */
export function gaussianBound(sigma: number): Bound {
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new ConfigError(`sigma must be a finite number above 0, got ${sigma}.`, {
      remedy: 'Set the noise level on the [0, 1] pixel scale, for instance 0.5.',
    })
  }
  const radius = (top: number, rest?: number) =>
    rest === undefined ? sigma * quantile(top) : (sigma / 2) * (quantile(top) - quantile(rest))
  return { kind: 'gaussian', norm: 'l2', radius, top: wanted => leastTop(wanted, radius) }
}

/** Φ⁻¹ */
function quantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new ConfigError(`A probability must be between 0 and 1, both excluded, got ${probability}.`, {
      remedy: 'Pass a confidence bound of the probability of a class.',
    })
  }
  return normalQuantile(probability, 0, 1)
}

/** Returns the smallest `top` that has a radius, by bisection down to adjacent numbers. */
export function leastTop(wanted: number, radius: (top: number) => number): number {
  let below = 0
  let above = 1
  for (;;) {
    const middle = (below + above) / 2
    if (middle <= below || middle >= above) return above
    if (radius(middle) >= wanted) above = middle
    else below = middle
  }
}
