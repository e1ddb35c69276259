import { type Outcome, predictionOf, radiusOf, votesOf } from '../../logs/outcome'
import type { Bound } from '../../statistics/bound'
import { lowerConfidenceBound } from '../../statistics/confidence-bound'
import { type ImagePrediction, predictionOfImage } from '../predict'
import type { VotesSoFar } from '../queue/image-at-work'
import { ABSTAIN, leadingClass } from '../statistics'

/** A smoothed classifier's answer for one image. */
export interface SmoothedAnswer extends Omit<ImagePrediction, 'file' | 'pValue'> {
  /** p-value of "the two leading classes are equally likely", two-sided; null if a single radius was requested. */
  readonly pValue: number | null
  /** Votes of the estimation by class; their sum is `n`. */
  readonly votes: readonly number[]
  /** Whether the requested single radius is certified; `undecided` if the votes did not suffice. Otherwise null. */
  readonly atRadius: 'certified' | 'refused' | 'undecided' | null
  /** Total number of noisy copies. */
  readonly copies: number
  /** Upper bound, over the noise, of the probability of a wrong `certified` answer, and of a wrong `predicted` one. */
  readonly alpha: number
  readonly seed: number
}

/** Preliminary result for an image while votes arrive. It is not a certificate: only the final answer is one. */
export interface PreliminaryAnswer extends VotesSoFar {
  /** The class with the most votes. */
  readonly topClass: number
  readonly className: string
  /** The radius that the votes so far would give if they were all. */
  readonly radius: number
}

/** Returns the name of a class; never empty. */
export type NameOf = (label: number) => string

interface Asked {
  readonly alpha: number
  readonly seed: number
  readonly nameOf: NameOf
  readonly votes: readonly number[]
}

/** Combines CERTIFY and PREDICT, or the test at one radius. */
export function answerOf(outcomes: readonly Outcome[], { nameOf, ...asked }: Asked): SmoothedAnswer {
  const [first] = outcomes as [Outcome, ...Outcome[]]
  const copies = Math.max(...outcomes.map(({ evidence }) => drawnOf(evidence)))
  const said =
    outcomes.length > 1
      ? { ...predictionOfImage(outcomes), atRadius: null }
      : { ...predictionAtRadius(first), pValue: null }
  const className = said.prediction === ABSTAIN ? null : nameOf(said.prediction)
  return { ...said, className, copies, ...asked }
}

/** Returns the copies of selection and estimation, of all rounds. */
function drawnOf(evidence: Outcome['evidence']): number {
  const { n0, parts = [] } = evidence
  return votesOf(evidence) + parts.reduce((total, part) => total + part.n0, n0)
}

function predictionAtRadius(outcome: Outcome) {
  const { candidate, candidateCount, runnerUp, runnerUpCount, n, lowerBound = 0 } = outcome.evidence
  const isCertified = outcome.kind === 'certified-at' && outcome.radii.length > 0
  const atRadius = outcome.kind === 'undecided' ? 'undecided' : isCertified ? 'certified' : 'refused'
  return {
    verdict: isCertified ? ('certified' as const) : ('abstained' as const),
    // A class that is refused at the radius is not reported.
    prediction: isCertified ? predictionOf(outcome) : ABSTAIN,
    ...{ radius: radiusOf(outcome), atRadius: atRadius as NonNullable<SmoothedAnswer['atRadius']> },
    ...{ lowerBound, topClass: candidate, topCount: candidateCount, runnerUp, runnerUpCount, n },
  }
}

/** Returns the result that the votes so far would give. */
export function preliminaryOf(
  votes: VotesSoFar,
  { alpha, bound, nameOf }: { readonly alpha: number; readonly bound: Bound; readonly nameOf: NameOf },
): PreliminaryAnswer {
  const topClass = leadingClass(votes.counts)
  const n = votes.counts.reduce((sum, count) => sum + count, 0)
  const lowerBound = n === 0 ? 0 : lowerConfidenceBound(votes.counts[topClass] ?? 0, n, { alpha })
  const radius = lowerBound > 0.5 ? bound.radius(lowerBound) : 0
  return { ...votes, topClass, className: nameOf(topClass), radius }
}
