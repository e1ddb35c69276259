import { ConfigError } from '../errors'
import type { Bound } from './bound'

/** Half the width of uniform noise in units of its standard deviation: λ = √3 σ. */
export const UNIFORM_HALF_WIDTH = Math.sqrt(3)

/**
 * The ℓ1 bound for noise that is uniform on [-λ, λ] in each value: 2 λ (top - 1/2), or with `rest` λ (top - rest) (Yang et al., 2020). Two
 * cubes of width 2λ share all but a fraction ‖δ‖₁ / 2λ, so a probability changes by no more: docs/l1.md.
 *
 * @param sigma - standard deviation of the noise, for pixels in [0, 1]
 * @throws ConfigError unless sigma is finite and above 0
 *
 * @example
 * uniformBound(0.5).radius(0.9).toFixed(4) // => '0.6928'
 */
export function uniformBound(sigma: number): Bound {
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new ConfigError(`sigma must be a finite number above 0, got ${sigma}.`, {
      remedy: 'Set the noise level on the [0, 1] pixel scale, for instance 0.5.',
    })
  }
  const halfWidth = UNIFORM_HALF_WIDTH * sigma
  const radius = (top: number, rest = 1 - top) => {
    if (top > 0 && top < 1) return halfWidth * (top - rest)
    throw new ConfigError(`A probability must be between 0 and 1, both excluded, got ${top}.`, {
      remedy: 'Pass a confidence bound of the probability of a class.',
    })
  }
  return {
    ...{ kind: 'uniform', norm: 'l1', radius },
    top: wanted => Math.min(1, 0.5 + wanted / (2 * halfWidth)),
  }
}
