import { ConfigError } from '../errors'
import type { Bound } from './bound'
import { lowerConfidenceBound, requireAlpha, upperConfidenceBound } from './confidence-bound'
import { largestOtherBound, pooledCounts } from './other-classes'

/**
 * How a cascade splits errors over its confidence bounds, and bounds other classes.
 *
 * - `sound`: with S scales, a statement can depend on 2 S - 1 bounds, and each has that share of alpha; the bounds are
 *   Clopper and Pearson's. The probability of a wrong certificate is at most alpha for any classifiers.
 * - `published`: as Jeong and Shin (2023) describe it. The bounds have alpha / (stage + 1) for the stage at which the image
 *   stops, which does not sum to alpha over all stages; other classes are bounded by Goodman's asymptotic interval.
 * - `released`: as in their code. If an earlier scale leaves one other class possible, it bounds that scale's own class,
 *   whichever is predicted. For thresholds above 1/2 this certifies falsely, and is refused.
 */
export type CascadeRule = 'sound' | 'published' | 'released'

export interface CascadeOptions {
  /** Bound of each scale, largest σ first. */
  readonly bounds: readonly Bound[]
  readonly alpha: number
  /** Halting threshold: a scale answers if a class has more than this probability. In [1/2, 1). */
  readonly threshold: number
  readonly rule: CascadeRule
}

/** The votes of a scale, and its candidate class. */
export interface ScaleVotes {
  readonly candidate: number
  /** By class, for the estimation. */
  readonly counts: readonly number[]
}

export type ScaleDecision =
  /** The scale answers with its candidate, certified within `radius`; negative if an earlier scale may answer differently. */
  | { readonly verdict: 'answers'; readonly radius: number; readonly lowerBound: number }
  /** The votes decide neither that the scale answers nor that it does not. */
  | { readonly verdict: 'straddles'; readonly lowerBound: number }
  /** The scale leaves the answer to the next one. */
  | { readonly verdict: 'passes'; readonly lowerBound: number }

/**
 * Decides at the last of the given scales; all earlier ones have passed.
 *
 * The cascade answers with the leading class of the first scale at which a class has more than `threshold`. Within a radius of the image
 * the answer is c if c has at least the threshold at this scale, and no other class has it at an earlier scale: σ Φ⁻¹ of a probability
 * changes by at most the distance.
 */
export function decideScale(votes: readonly ScaleVotes[], options: CascadeOptions): ScaleDecision {
  const { bounds, threshold, rule } = options
  const stage = votes.length - 1
  const { candidate, counts } = votes[stage] as ScaleVotes
  const bound = bounds[stage] as Bound
  const alpha = alphaOfScale(stage, options)
  const n = totalOf(counts)
  const hits = counts[candidate] as number
  const lowerBound = lowerConfidenceBound(hits, n, { alpha })
  if (lowerBound >= threshold) {
    const own = bound.radius(lowerBound) - bound.radius(threshold)
    const limits = votes.slice(0, stage).map((earlier, position) => {
      const other = largestOther(earlier, { candidate, alpha, rule })
      const of = bounds[position] as Bound
      return other >= 1 ? Number.NEGATIVE_INFINITY : of.radius(threshold) - of.radius(other)
    })
    return { verdict: 'answers', radius: Math.min(own, ...limits), lowerBound }
  }
  const upperBound = upperConfidenceBound(hits, n, { alpha })
  return { verdict: upperBound >= threshold ? 'straddles' : 'passes', lowerBound }
}

/** Returns the share of alpha of each bound if the cascade stops at a stage, counted from 0. */
export function alphaOfScale(
  stage: number,
  { bounds, alpha, rule }: Pick<CascadeOptions, 'bounds' | 'alpha' | 'rule'>,
): number {
  return alpha / (rule === 'sound' ? 2 * bounds.length - 1 : stage + 1)
}

function largestOther(
  { candidate: ownCandidate, counts }: ScaleVotes,
  { candidate, alpha, rule }: { candidate: number; alpha: number; rule: CascadeRule },
): number {
  if (rule === 'sound') return largestOtherBound(counts, candidate, { alpha })
  const isAlone = pooledCounts(counts.filter((_, label) => label !== candidate)).length < 2
  if (rule === 'released' && isAlone) {
    return 1 - lowerConfidenceBound(counts[ownCandidate] as number, totalOf(counts), { alpha })
  }
  return largestOtherBound(counts, candidate, { alpha, rule: 'goodman' })
}

/** @throws ConfigError if scales do not descend, the threshold is below 1/2, or the released rule is requested above it */
export function requireCascade(
  sigmas: readonly number[],
  { alpha, threshold, rule }: Omit<CascadeOptions, 'bounds'>,
): void {
  requireAlpha(alpha)
  if (sigmas.length === 0 || sigmas.some((sigma, stage) => !(sigma < (sigmas[stage - 1] ?? Infinity)))) {
    throw new ConfigError(`The scales of a cascade must descend, got sigma [${sigmas.join(', ')}].`, {
      remedy: 'Name each scale once, the largest σ first, for instance [1, 0.5, 0.25].',
    })
  }
  if (!(threshold >= 0.5 && threshold < 1)) {
    throw new ConfigError(`The threshold of a cascade must be at least 1/2 and below 1, got ${threshold}.`, {
      remedy: 'Set 0.5: below it several classes may exceed the threshold at once.',
    })
  }
  if (rule === 'released' && threshold !== 0.5) {
    throw new ConfigError(
      `The rule 'released' certifies falsely for thresholds above 1/2, expected 0.5, got ${threshold}.`,
      { remedy: "Take the rule 'sound', or the threshold 0.5." },
    )
  }
}

function totalOf(counts: readonly number[]): number {
  return counts.reduce((total, votes) => total + votes, 0)
}

/** Smallest weight of a class before its logarithm. */
const SMALLEST_WEIGHT = 1e-20

/** The released prediction of a cascade from few votes; it has no guarantee. */
export interface CascadePrediction {
  /** The first scale at which a class reaches the threshold, counted from 0; undefined if none does. */
  readonly stage: number | undefined
  readonly scores: readonly number[]
}

/**
 * Returns the logits of the image without noise, weighted by the votes of the first scale that halts; unweighted if none does.
 *
 * @param votes - of each scale, by class
 * @param options - `uniformWeight`: share of the weights that is uniform over classes
 */
export function cascadeScores(
  votes: readonly (readonly number[])[],
  cleanLogits: readonly number[],
  { threshold, uniformWeight }: { readonly threshold: number; readonly uniformWeight: number },
): CascadePrediction {
  const found = votes.findIndex(counts => Math.max(...counts) >= threshold * totalOf(counts))
  if (found < 0) return { stage: undefined, scores: cleanLogits }
  const counts = votes[found] ?? []
  const n = totalOf(counts)
  const weight = (label: number) =>
    ((1 - uniformWeight) * (counts[label] ?? 0)) / n + uniformWeight / cleanLogits.length
  const scores = cleanLogits.map((logit, label) => logit + Math.log(Math.max(SMALLEST_WEIGHT, weight(label))))
  return { stage: found, scores }
}
