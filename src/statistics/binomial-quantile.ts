import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import { requireAlpha, requireCount } from './confidence-bound'

/**
 * Returns the smallest count that a binomial exceeds with probability at most `tail`: its (1 - tail)-quantile, from the exact upper tail,
 * which is not the difference of two numbers close to 1.
 *
 * @param options - `p`: probability of a success, in (0, 1)
 * @throws ConfigError unless `trials` is an integer of at least 0, and p and tail are in (0, 1)
 */
export function upperBinomialQuantile(
  trials: number,
  { p, tail }: { readonly p: number; readonly tail: number },
): number {
  requireCount('The number of trials', trials)
  requireAlpha(p, 'p')
  requireAlpha(tail, 'tail')
  let below = -1
  let above = trials
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2)
    if (exceeding(middle, trials, p) <= tail) above = middle
    else below = middle
  }
  return above
}

/** P[X > count]: more successes than `count` means fewer failures than the rest. */
function exceeding(count: number, trials: number, p: number): number {
  return binomialCdf(trials - count - 1, trials, 1 - p)
}
