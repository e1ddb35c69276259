import betaQuantile from '@stdlib/stats-base-dists-beta-quantile'
import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import { ConfigError } from '../errors'

/**
 * Returns a lower bound of the success probability of a binomial with `trials` trials that holds with probability at least 1 - alpha,
 * for any value of it: the one-sided bound of Clopper and Pearson, the alpha-quantile of Beta(successes, trials - successes + 1), 0 without
 * a success. Accurate to 1e-14 for up to 100,000 trials.
 *
 * @throws ConfigError unless 0 ≤ successes ≤ trials are integers, trials ≥ 1 and 0 < alpha < 1
 *
 * @example
 * lowerConfidenceBound(990, 1000, { alpha: 0.001 }).toFixed(4) // => '0.9760'
 */
export function lowerConfidenceBound(
  successes: number,
  trials: number,
  { alpha }: { readonly alpha: number },
): number {
  requireSuccesses(successes, trials, alpha)
  return successes === 0 ? 0 : betaQuantile(alpha, successes, trials - successes + 1)
}

/**
 * Returns an upper bound of the success probability that holds with probability at least 1 - alpha: the other one-sided bound of Clopper
 * and Pearson, the (1 - alpha)-quantile of Beta(successes + 1, trials - successes), 1 without a failure.
 *
 * @throws as {@link lowerConfidenceBound}
 */
export function upperConfidenceBound(
  successes: number,
  trials: number,
  { alpha }: { readonly alpha: number },
): number {
  requireSuccesses(successes, trials, alpha)
  return successes === trials ? 1 : betaQuantile(1 - alpha, successes + 1, trials - successes)
}

/**
 * Returns the randomised bound of Stevens (1950): the largest p at which more than this many successes, or `uniform` times exactly this
 * many, have probability alpha. It is at least that of Clopper and Pearson, the case `uniform` = 1. For a uniform number on (0, 1], drawn
 * independently of the trials, it exceeds the success probability with probability exactly alpha. If all trials succeed, numbers below 2
 * alpha count as 2 alpha, so that these show no more than at level 1/2: otherwise they would sometimes show 1. 0 without a success.
 *
 * @throws as {@link lowerConfidenceBound}; ConfigError unless 0 < uniform ≤ 1
 *
 * @example
 * randomisedLowerBound(990, 1000, { alpha: 0.001, uniform: 0.5 }).toFixed(4) // => '0.9765'
 */
export function randomisedLowerBound(
  successes: number,
  trials: number,
  { alpha, uniform }: { readonly alpha: number; readonly uniform: number },
): number {
  requireSuccesses(successes, trials, alpha)
  if (!(uniform > 0 && uniform <= 1)) {
    throw new ConfigError(`The uniform number of a bound must be above 0 and at most 1, got ${uniform}.`, {
      remedy: 'Draw it from a random stream that names the image.',
    })
  }
  if (successes === 0) return 0
  if (successes === trials) return (alpha / Math.max(uniform, Math.min(1, 2 * alpha))) ** (1 / trials)
  const misses = trials - successes
  // Lower tails of the misses: small values are computed to full precision.
  const error = (p: number) =>
    uniform * binomialCdf(misses, trials, 1 - p) + (1 - uniform) * binomialCdf(misses - 1, trials, 1 - p)
  let below = lowerConfidenceBound(successes, trials, { alpha })
  let above = lowerConfidenceBound(successes + 1, trials, { alpha })
  for (;;) {
    const middle = (below + above) / 2
    if (middle <= below || middle >= above) return below
    if (error(middle) <= alpha) below = middle
    else above = middle
  }
}

function requireSuccesses(successes: number, trials: number, alpha: number): void {
  requireCount('The number of trials', trials)
  requireCount('The number of successes', successes)
  if (trials === 0 || successes > trials) {
    throw new ConfigError(
      `A confidence bound takes 1 ≤ trials and successes ≤ trials, got ${successes} of ${trials}.`,
      { remedy: 'Pass the votes for one class and the votes for all classes.' },
    )
  }
  requireAlpha(alpha)
}

/** @throws ConfigError unless it is an integer of at least 0 */
export function requireCount(what: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new ConfigError(`${what} must be an integer of at least 0, got ${count}.`, {
      remedy: 'Pass the number of votes, not a share.',
    })
  }
}

/** @throws ConfigError unless it is between 0 and 1, both excluded */
export function requireAlpha(alpha: number, name = 'alpha'): void {
  if (!(alpha > 0 && alpha < 1)) {
    throw new ConfigError(`${name} must be between 0 and 1, both excluded, got ${alpha}.`, {
      remedy: 'Set a small probability, for instance 0.001.',
    })
  }
}
