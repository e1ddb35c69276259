import { ConfigError } from '../errors'
import { type Bound, leastTop } from './bound'
import { lowerConfidenceBound, requireAlpha, upperConfidenceBound } from './confidence-bound'

/** The noise that a network was designed for (Lecuyer et al., 2019). */
export interface PixelDpNoise {
  /** L: the attack size that the noise hides, in the norm of the bound. */
  readonly size: number
  readonly epsilon: number
  /** Only for Gaussian noise. */
  readonly delta: number
  /** Sensitivity of the layers before the noise, 1 for noise on the image: certified sizes are divided by it. */
  readonly sensitivity?: number
}

/** Returns the standard deviation of the Gaussian noise, in the units of the noised values. */
export function pixelDpSigma({ size, epsilon, delta, sensitivity = 1 }: PixelDpNoise): number {
  return (sensitivity * size * Math.sqrt(2 * Math.log(1.25 / delta))) / epsilon
}

/** Returns the scale of the Laplace noise, in the units of the noised values. */
export function pixelDpLaplaceScale({ size, epsilon, sensitivity = 1 }: Omit<PixelDpNoise, 'delta'>): number {
  return (sensitivity * size) / epsilon
}

/** δ′ is tried in steps of 1 / STEPS, and ε′ is bisected to within 1 / STEPS. */
const STEPS = 1000

/**
 * Gaussian noise: the largest size L′ for which some ε′ ≤ 1 and δ′ make the noise (ε′, δ′)-private, with top ≥ e^{2ε′} rest + (1 + e^{ε′})
 * δ′. At most half of the radius of {@link gaussianBound} for the same probabilities.
 *
 * @throws ConfigError unless size, epsilon and sensitivity are above 0, and delta in (0, 1)
 */
export function pixelDpBound(noise: PixelDpNoise): Bound {
  const { size, epsilon, delta, sensitivity = 1 } = noise
  requireNoise(noise)
  const radius = (top: number, rest = 1 - top): number => {
    let largest = 0
    for (let step = 1; step < 0.3 * STEPS && top > rest; step += 1) {
      const deltaOf = step / STEPS
      const holds = (e: number) => top >= Math.exp(2 * e) * rest + (1 + Math.exp(e)) * deltaOf
      if (!holds(0)) break
      let below = 0
      for (let above = 1; above - below >= 1 / STEPS; ) {
        const middle = (below + above) / 2
        if (holds(middle)) below = middle
        else above = middle
      }
      const scale = Math.sqrt(Math.log(1.25 / delta) / Math.log(1.25 / deltaOf))
      largest = Math.max(largest, ((size * below) / epsilon) * scale)
    }
    return largest / sensitivity
  }
  return { kind: 'pixeldp-gaussian', norm: 'l2', radius, top: wanted => leastTop(wanted, radius) }
}

/**
 * {@link pixelDpBound} for Gaussian noise on pixels, whatever its design: the sizes depend on the attack size, ε and δ only through the
 * standard deviation.
 *
 * @param sigma - standard deviation of the noise for pixels in [0, 1]
 * @throws ConfigError unless sigma is finite and above 0
 */
export function pixelDpBoundOfSigma(sigma: number): Bound {
  const [epsilon, delta] = [1, 0.05]
  return pixelDpBound({ size: sigma / pixelDpSigma({ size: 1, epsilon, delta }), epsilon, delta })
}

/**
 * Laplace noise: L ln(top / rest) / 2ε, in ℓ1.
 *
 * @throws as {@link pixelDpBound}
 */
export function pixelDpLaplaceBound(noise: Omit<PixelDpNoise, 'delta'>): Bound {
  const { size, epsilon, sensitivity = 1 } = noise
  requireNoise({ ...noise, delta: 0.5 })
  const radius = (top: number, rest = 1 - top): number =>
    top <= rest ? 0 : (size * Math.log(top / rest)) / (2 * epsilon * sensitivity)
  return { kind: 'pixeldp-laplace', norm: 'l1', radius, top: wanted => leastTop(wanted, radius) }
}

/**
 * {@link pixelDpLaplaceBound} for Laplace noise on pixels, whatever its design.
 *
 * @param sigma - standard deviation of the noise for pixels in [0, 1]
 * @throws ConfigError unless sigma is finite and above 0
 *
 * @example
 * pixelDpLaplaceBoundOfSigma(0.5).radius(0.9, 0.05).toFixed(4) // => '0.5109'
 */
export function pixelDpLaplaceBoundOfSigma(sigma: number): Bound {
  return pixelDpLaplaceBound({ size: LAPLACE_SCALE * sigma, epsilon: 1 })
}

/** Scale of Laplace noise with standard deviation 1. */
export const LAPLACE_SCALE = Math.SQRT1_2

/** Bounds of the expected scores of the two leading classes. */
export interface TopTwoBounds {
  readonly top: number
  readonly runnerUp: number
  /** Lower bound of the score of `top`. */
  readonly lowerBound: number
  /** Upper bound of the largest score of the others. */
  readonly upperBound: number
}

/**
 * Returns bounds from votes.
 *
 * @param counts - by class, [K]
 * @param options - `each`: probability that one of the two bounds is wrong
 */
export function topTwoOfVotes(counts: readonly number[], { each }: { readonly each: number }): TopTwoBounds {
  const n = counts.reduce((total, votes) => total + votes, 0)
  const [top, runnerUp] = topTwo(counts)
  return {
    ...{ top, runnerUp },
    lowerBound: lowerConfidenceBound(counts[top] as number, n, { alpha: each }),
    upperBound: upperConfidenceBound(counts[runnerUp] as number, n, { alpha: each }),
  }
}

/** Scores in [0, 1] of n noisy copies, summed with their squares, [K]. */
export interface ScoreSums {
  readonly n: number
  readonly sums: readonly number[]
  readonly squares: readonly number[]
}

/** Steps in a score of 1. Scores are rounded to whole steps, so their sum does not depend on the order. */
export const SCORE_STEPS = 2 ** 15

/** Converts the queue's sums of scores, in steps: by class, their squares, and the number of copies, [2K + 1]. */
export function scoreSums(tally: readonly number[]): ScoreSums {
  const classes = (tally.length - 1) / 2
  return {
    n: tally[2 * classes] ?? 0,
    sums: tally.slice(0, classes).map(sum => sum / SCORE_STEPS),
    squares: tally.slice(classes, 2 * classes).map(sum => sum / SCORE_STEPS ** 2),
  }
}

/** If its term for the unknown variance is wider than this, the empirical bound is replaced by Hoeffding's. */
const WIDEST_REMAINDER = 0.025

/**
 * Returns bounds from mean scores: Hoeffding's bound, or for many copies the empirical one of Maurer and Pontil (2009), which needs the
 * variance. The choice depends on n and `each`, not on the scores.
 *
 * @param options - `each`: probability that one of the two bounds is wrong; `others`: classes whose bound is `upperBound`: with the
 *   empirical one, a class behind the runner-up can have a larger bound
 */
export function topTwoOfScores(
  { n, sums, squares }: ScoreSums,
  { each, others = 'all' }: { readonly each: number; readonly others?: 'all' | 'runner-up' },
): TopTwoBounds {
  requireAlpha(each)
  const [top, runnerUp] = topTwo(sums)
  const remainder = (7 * Math.log(2 / each)) / (3 * (n - 1))
  const width = (label: number) => {
    if (!(remainder <= WIDEST_REMAINDER)) return Math.sqrt(Math.log(1 / each) / (2 * n))
    const mean = (sums[label] as number) / n
    const variance = Math.max(0, ((squares[label] as number) - n * mean ** 2) / (n - 1))
    return Math.sqrt((2 * variance * Math.log(2 / each)) / n) + remainder
  }
  const upper = (label: number) => (sums[label] as number) / n + width(label)
  const labels = others === 'runner-up' ? [runnerUp] : [...sums.keys()].filter(label => label !== top)
  return {
    ...{ top, runnerUp },
    lowerBound: (sums[top] as number) / n - width(top),
    upperBound: Math.max(...labels.map(upper)),
  }
}

/** How the error η of an image is split: halves for the two bounds, or as published, K parts (for votes always those of 0.05). */
export type PixelDpSplit = 'halves' | 'published'

/** Returns the error probability of each bound. */
export function errorOfEach(
  { eta, split, by }: { readonly eta: number; readonly split: PixelDpSplit; readonly by: 'votes' | 'scores' },
  classes: number,
): number {
  if (split === 'halves') return eta / 2
  return (by === 'votes' ? PUBLISHED_VOTES_ETA : eta) / classes
}

/** The value for votes in the released code, whatever η is. */
const PUBLISHED_VOTES_ETA = 0.05

function topTwo(scores: readonly number[]): [top: number, runnerUp: number] {
  const [top = -1, runnerUp = -1] = scores
    .map((score, label) => ({ score, label }))
    .sort((a, b) => b.score - a.score || a.label - b.label)
    .map(({ label }) => label)
  if (runnerUp >= 0) return [top, runnerUp]
  throw new ConfigError(`Scores are of at least 2 classes, got ${scores.length}.`, {
    remedy: 'Pass one number for each class of the classifier.',
  })
}

function requireNoise({ size, epsilon, delta, sensitivity = 1 }: PixelDpNoise): void {
  requireAlpha(delta, 'delta')
  for (const [name, value] of Object.entries({ size, epsilon, sensitivity })) {
    if (value > 0 && Number.isFinite(value)) continue
    throw new ConfigError(`${name} of PixelDP must be a finite number above 0, got ${value}.`, {
      remedy: 'Set the attack size, ε and sensitivity that the noise was made for.',
    })
  }
}
