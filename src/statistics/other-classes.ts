import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import { ConfigError } from '../errors'
import { lowerConfidenceBound, upperConfidenceBound } from './confidence-bound'

/**
 * How the largest probability of the other classes is bounded.
 *
 * - `clopper-pearson`: each class separately, with an equal share of alpha. It holds for every number of votes.
 * - `goodman`: Goodman's simultaneous interval over pooled counts, as in the released code of Jeong and Shin (2023). It
 *   holds asymptotically, for many votes.
 */
export type OtherClassesRule = 'clopper-pearson' | 'goodman'

/** Goodman's interval pools classes with fewer votes than this. */
const SMALLEST_BIN = 5

/**
 * Returns a bound that, with probability at least 1 - alpha, no class except one exceeds.
 *
 * @param counts - votes by class, [K]
 * @param except - the excluded class
 * @throws ConfigError if K is below 2, no votes were cast, or alpha is not in (0, 1)
 */
export function largestOtherBound(
  counts: readonly number[],
  except: number,
  { alpha, rule = 'clopper-pearson' }: { readonly alpha: number; readonly rule?: OtherClassesRule },
): number {
  const others = counts.filter((_, label) => label !== except)
  if (counts.length < 2 || others.length !== counts.length - 1) {
    throw new ConfigError(
      `Other classes than ${except} are bounded, expected it to be one of at least 2, got ${counts.length}.`,
      { remedy: 'Pass the votes of all classes, and one of these classes.' },
    )
  }
  const n = counts.reduce((total, votes) => total + votes, 0)
  if (rule === 'clopper-pearson') {
    return upperConfidenceBound(Math.max(...others), n, { alpha: alpha / others.length })
  }
  const bins = pooledCounts(others)
  if (bins.length < 2) return 1 - lowerConfidenceBound(counts[except] as number, n, { alpha })
  const chi = normalQuantile(1 - alpha / (bins.length + 1), 0, 1) ** 2
  const votes = Math.max(...bins)
  return (2 * votes + chi + Math.sqrt(chi ** 2 + 4 * votes * chi * (1 - votes / n))) / (2 * (chi + n))
}

/** Returns the counts of other classes for Goodman's interval: in decreasing order, with small ones pooled. */
export function pooledCounts(counts: readonly number[]): number[] {
  const bins: number[] = []
  let pool = 0
  for (const count of [...counts].sort((a, b) => b - a)) {
    pool += count
    if (pool < SMALLEST_BIN) continue
    bins.push(pool)
    pool = 0
  }
  if (pool > 0) bins.push((bins.pop() ?? 0) + pool)
  return bins
}
