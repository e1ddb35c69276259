import { ConfigError } from '../errors'
import type { Bound } from './bound'
import { lowerConfidenceBound, requireAlpha, upperConfidenceBound } from './confidence-bound'
import { largestOtherBound, pooledCounts } from './other-classes'

/**
 * What errors a cascade gives its confidence bounds, and how it bounds other classes.
 *
 * - `sound`: S scales have 2 S - 1 bounds that a statement can rest on, and each has that part of alpha; the bounds are
 *   Clopper and Pearson's. The probability of a wrong certificate is at most alpha, whatever the classifiers are.
 * - `published`: as Jeong and Shin (2023) describe it. The bounds have alpha / (stage + 1) of the stage that the image stops
 *   at, which does not add up to alpha over all stages; other classes are bounded by Goodman's asymptotic interval.
 * - `released`: as their code has it. Where an earlier scale leaves one class beside another, it bounds that scale's own
 *   class, whichever is predicted. For thresholds above 1/2 this certifies falsely, and it is refused.
 */
export type CascadeRule = 'sound' | 'published' | 'released'

export interface CascadeOptions {
  /** Of each scale, the largest σ first. */
  readonly bounds: readonly Bound[]
  readonly alpha: number
  /** Halting threshold: a scale answers where a class has more than this probability. In [1/2, 1). */
  readonly threshold: number
  readonly rule: CascadeRule
}

/** The votes of a scale, and the class that its selection names. */
export interface ScaleVotes {
  readonly candidate: number
  /** By class, of the estimation. */
  readonly counts: readonly number[]
}

export type ScaleDecision =
  /** The scale answers with its candidate, certified within `radius`; negative where an earlier scale may answer otherwise. */
  | { readonly verdict: 'answers'; readonly radius: number; readonly lowerBound: number }
  /** The votes tell neither that the scale answers nor that it does not. */
  | { readonly verdict: 'straddles'; readonly lowerBound: number }
  /** The scale leaves the answer to the next. */
  | { readonly verdict: 'passes'; readonly lowerBound: number }

/**
 * Decides at the last of the given scales; all before have passed.
 *
 * The cascade answers with the leading class of the first scale at which a class has more than `threshold`. Within a
 * radius of the image the answer is c if c has at least the threshold at this scale, and no class but c has it at a scale
 * before: σ Φ⁻¹ of a probability changes by at most the distance.
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

/** The part of alpha of each bound that is formed where the cascade stops at a stage, counted from 0. */
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

/** @throws ConfigError where scales do not descend, the threshold is below 1/2, or the released rule is asked for above it */
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

/** Least weight that a class has before its logarithm is taken. */
const SMALLEST_WEIGHT = 1e-20

/** What the released prediction of a cascade takes from few votes; nothing is proved about it. */
export interface CascadePrediction {
  /** The first scale at which a class has at least the threshold, counted from 0; undefined where none has. */
  readonly stage: number | undefined
  readonly scores: readonly number[]
}

/**
 * The logits of the image without noise, weighed by the votes of the first scale that halts; by themselves where none does.
 *
 * @param votes - of each scale, by class
 * @param options.uniformWeight - share of the weights that all classes have alike
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
