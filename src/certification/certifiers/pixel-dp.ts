import type { Evidence, Outcome } from '../../logs/outcome'
import type { Bound } from '../../statistics/bound'
import {
  errorOfEach,
  type PixelDpSplit,
  type ScoreSums,
  scoreSums,
  topTwoOfScores,
  topTwoOfVotes,
} from '../../statistics/pixel-dp'
import { type Certifier, ONLY_BALLOT, SCORES_BALLOT, type Steps } from './certifier'

export interface PixelDpOptions {
  /** `pixelDpBound` or `pixelDpLaplaceBound` of the noise. */
  readonly bound: Bound
  /** η: upper bound of the probability of a wrong certificate. */
  readonly eta: number
  /** Default: halves. */
  readonly split?: PixelDpSplit
}

/**
 * PixelDP (Lecuyer et al., 2019) from votes: the class with the most of n votes, and the size within which it keeps the most. There is a
 * single stage: the votes that choose the class also bound it.
 */
export function pixelDpCertifier({
  n,
  ballot = ONLY_BALLOT,
  ...options
}: PixelDpOptions & { readonly n: number; readonly ballot?: string }): Certifier {
  return {
    kind: 'pixel-dp',
    ballot,
    *begin(): Steps {
      const [counts = []] = yield [{ stage: 'estimation', count: n }]
      return pixelDpFromVotes(counts, options)
    },
  }
}

/** PixelDP from mean scores of n noisy copies; see {@link pixelDpFromScores}. */
export function pixelDpScoresCertifier({
  n,
  ballot = SCORES_BALLOT,
  ...options
}: PixelDpOptions & { readonly n: number; readonly ballot?: string }): Certifier {
  return {
    kind: 'pixel-dp',
    ballot,
    *begin(): Steps {
      const [tally = []] = yield [{ stage: 'estimation', count: n }]
      const outcome = pixelDpFromScores(scoreSums(tally), options)
      return { ...outcome, evidence: { ...outcome.evidence, scores: sparseScores(tally) } }
    },
  }
}

/** Returns sums of scores and of their squares by class, without zeros. */
function sparseScores(tally: readonly number[]): NonNullable<Evidence['scores']> {
  const classes = (tally.length - 1) / 2
  const sums = Array.from(
    { length: classes },
    (_, label) => [tally[label] ?? 0, tally[classes + label] ?? 0] as const,
  )
  return Object.fromEntries(sums.flatMap((own, label) => (own[0] === 0 ? [] : [[label, own]])))
}

/** Computes the outcome from votes by class, [K]. */
export function pixelDpFromVotes(
  counts: readonly number[],
  { bound, eta, split = 'halves' }: PixelDpOptions,
): Outcome {
  const each = errorOfEach({ eta, split, by: 'votes' }, counts.length)
  const found = topTwoOfVotes(counts, { each })
  const n = counts.reduce((total, votes) => total + votes, 0)
  return outcomeOf(found, { counts, n, bound })
}

/**
 * Computes the outcome from mean scores in [0, 1], for example softmax. The evidence has bounds and no votes.
 *
 * @param sums - of n noisy copies, with their squares, [K]
 */
export function pixelDpFromScores(
  sums: ScoreSums,
  { bound, eta, split = 'halves' }: PixelDpOptions,
): Outcome {
  const each = errorOfEach({ eta, split, by: 'scores' }, sums.sums.length)
  const found = topTwoOfScores(sums, { each, others: split === 'halves' ? 'all' : 'runner-up' })
  return outcomeOf(found, { counts: [], n: sums.n, bound })
}

function outcomeOf(
  { top, runnerUp, lowerBound, upperBound }: ReturnType<typeof topTwoOfVotes>,
  { counts, n, bound }: { readonly counts: readonly number[]; readonly n: number; readonly bound: Bound },
): Outcome {
  const evidence = {
    ...{ candidate: top, candidateCount: counts[top] ?? 0, runnerUp, runnerUpCount: counts[runnerUp] ?? 0 },
    ...{ n0: 0, n, lowerBound: Math.max(0, lowerBound), upperBound: Math.min(1, upperBound) },
  }
  if (lowerBound <= upperBound) return { kind: 'abstains', evidence }
  const radius = bound.radius(lowerBound, upperBound)
  return radius > 0
    ? { kind: 'certified', class: top, radius, evidence }
    : { kind: 'predicted', class: top, evidence }
}
