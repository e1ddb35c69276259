import betaQuantile from '@stdlib/stats-base-dists-beta-quantile'
import { ConfigError } from '../errors'

/**
 * With probability at least 1 - alpha, the success probability of a binomial with `trials` trials is at least the
 * returned value, whatever that probability is: the one-sided bound of Clopper and Pearson, the alpha-quantile of
 * Beta(successes, trials - successes + 1), 0 without a success. Computed to within 1e-14 for up to 100,000 trials.
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
 * With probability at least 1 - alpha, the success probability is at most the returned value: the other one-sided bound of
 * Clopper and Pearson, the (1 - alpha)-quantile of Beta(successes + 1, trials - successes), 1 without a failure.
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
