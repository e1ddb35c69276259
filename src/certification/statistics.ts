import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import { ConfigError } from '../errors'
import { ABSTAIN } from '../logs/abstain'
import { type Evidence, type Outcome, sparseCounts } from '../logs/outcome'
import type { Bound } from '../statistics/bound'
import {
  lowerConfidenceBound,
  randomisedLowerBound,
  requireAlpha,
  requireCount,
} from '../statistics/confidence-bound'

export { ABSTAIN }

/** A lower confidence bound of a class's probability, from its votes. */
export type LowerBound = (successes: number, trials: number, options: { readonly alpha: number }) => number

export interface EstimateOptions {
  readonly alpha: number
  readonly lowerBound?: LowerBound | undefined
  readonly uniform?: number | undefined
}

/** The two classes with the most votes; the first class wins a tie. */
export interface TopTwo {
  readonly topClass: number
  readonly topCount: number
  readonly runnerUp: number
  readonly runnerUpCount: number
}

/** PREDICT's result for one image. */
export interface Prediction extends TopTwo {
  /** The predicted class, or ABSTAIN. */
  readonly prediction: number
  /** Two-sided p-value of "the two leading classes are equally likely". */
  readonly pValue: number
}

/**
 * Returns CERTIFY's outcome. With probability at least 1 - alpha over the noise, either it abstains or the smoothed classifier g(x) =
 * argmax_c P[f(x + noise) = c] returns the certified class everywhere in the open ball of the radius around x.
 *
 * CERTIFY of Cohen, Rosenfeld and Kolter (2019, Section 3.2.2): the selection votes choose ĉ_A (the first class on a tie), the estimation
 * votes bound its probability from below; a bound under 1/2 abstains. The votes of the two stages must come from independent noise.
 *
 * @param countsSelection votes per class of the n0 noisy copies, [K]
 * @param countsEstimation votes per class of n fresh noisy copies, [K]
 * @param options - `alpha`: probability of a wrong certificate, in (0, 1); `bound`: from the probability of the class to a radius, for the
 *   noise of the votes; `lowerBound`: of the probability, by default that of Clopper and Pearson; `uniform`: a number from the image's own
 *   random stream, to use the randomised bound instead
 * @throws ConfigError if counts are not counts of the same K ≥ 2 classes, or alpha is out of range
 *
 * @example
 * const outcome = certifyFromCounts([2, 98], [12, 988], { alpha: 0.001, bound: gaussianBound(0.5) })
 * radiusOf(outcome).toFixed(2) // => '0.96'
 */
export function certifyFromCounts(
  countsSelection: readonly number[],
  countsEstimation: readonly number[],
  { bound, ...options }: EstimateOptions & { readonly bound: Bound },
): Outcome {
  const evidence = estimateFromCounts(countsSelection, countsEstimation, options)
  const { candidate, lowerBound } = evidence
  return lowerBound < 0.5
    ? { kind: 'abstains', evidence }
    : { kind: 'certified', class: candidate, radius: bound.radius(lowerBound), evidence }
}

/**
 * Returns the class that the selection votes choose, and with probability at least 1 - alpha a lower bound of its probability from the
 * estimation votes. CERTIFY and the procedures built on it share this.
 *
 * @throws as {@link certifyFromCounts}
 */
export function estimateFromCounts(
  countsSelection: readonly number[],
  countsEstimation: readonly number[],
  { alpha, lowerBound = lowerConfidenceBound, uniform }: EstimateOptions,
): Evidence & { readonly lowerBound: number } {
  const n0 = totalVotes(countsSelection)
  const n = totalVotes(countsEstimation)
  if (countsSelection.length !== countsEstimation.length) {
    throw new ConfigError(
      `The selection counts ${countsSelection.length} classes and the estimation ${countsEstimation.length}, expected the same.`,
      { remedy: 'Count both stages over the same classes.' },
    )
  }
  const candidate = leadingClass(countsSelection)
  const runnerUp = leadingClass(countsEstimation, candidate)
  const candidateCount = countsEstimation[candidate] as number
  return {
    ...{ candidate, candidateCount, runnerUp, runnerUpCount: countsEstimation[runnerUp] as number },
    ...{ n0, n },
    ...(uniform === undefined
      ? { lowerBound: lowerBound(candidateCount, n, { alpha }) }
      : { lowerBound: randomisedLowerBound(candidateCount, n, { alpha, uniform }), uniform }),
    selection: sparseCounts(countsSelection),
  }
}

/**
 * Returns PREDICT's result. With probability at least 1 - alpha over the noise, it abstains or is the class that the smoothed classifier
 * returns at x.
 *
 * PREDICT of Cohen, Rosenfeld and Kolter (2019, Section 3.2.1): the class with the most votes, unless an exact two-sided binomial test
 * cannot distinguish the two leading classes at level alpha.
 *
 * @param counts votes per class of n noisy copies, [K]
 * @throws ConfigError if the counts are not counts of K ≥ 2 classes, or alpha is not in (0, 1)
 *
 * @example
 * predictFromCounts([12, 88], { alpha: 0.001 }).prediction // => 1
 * predictFromCounts([45, 55], { alpha: 0.001 }).prediction // => -1
 */
export function predictFromCounts(
  counts: readonly number[],
  { alpha }: { readonly alpha: number },
): Prediction {
  totalVotes(counts)
  requireAlpha(alpha)
  const topClass = leadingClass(counts)
  const runnerUp = leadingClass(counts, topClass)
  const topCount = counts[topClass] as number
  const runnerUpCount = counts[runnerUp] as number
  const pValue = evenSplitPValue(topCount, runnerUpCount)
  return {
    prediction: pValue > alpha ? ABSTAIN : topClass,
    pValue,
    topClass,
    topCount,
    runnerUp,
    runnerUpCount,
  }
}

/** Two-sided p-value of the exact binomial test for `a` and `b` votes from a fair coin. By symmetry it is twice the lower tail. */
function evenSplitPValue(a: number, b: number): number {
  return Math.min(1, 2 * binomialCdf(Math.min(a, b), a + b, 0.5))
}

/** Returns the class with the most votes, without `except`; the first of those that tie. */
export function leadingClass(counts: readonly number[], except = -1): number {
  let best = -1
  let bestCount = -1
  counts.forEach((count, index) => {
    if (index !== except && count > bestCount) {
      best = index
      bestCount = count
    }
  })
  return best
}

function totalVotes(counts: readonly number[]): number {
  if (counts.length < 2) {
    throw new ConfigError(`Votes are counted over at least 2 classes, got ${counts.length}.`, {
      remedy: 'Pass one count per class of the classifier.',
    })
  }
  let total = 0
  counts.forEach((count, index) => {
    requireCount(`The number of votes for class ${index}`, count)
    total += count
  })
  if (total === 0) {
    throw new ConfigError('Votes must be at least 1 in all, got 0.', {
      remedy: 'Draw at least one noisy copy.',
    })
  }
  return total
}
