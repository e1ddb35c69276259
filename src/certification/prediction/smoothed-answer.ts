import { type Outcome, predictionOf, radiusOf, votesOf } from '../../logs/outcome'
import type { Bound } from '../../statistics/bound'
import { lowerConfidenceBound } from '../../statistics/confidence-bound'
import { type ImagePrediction, predictionOfImage } from '../predict'
import type { VotesSoFar } from '../queue/image-at-work'
import { ABSTAIN, leadingClass } from '../statistics'

/** What a smoothed classifier says about one image. */
export interface SmoothedAnswer extends Omit<ImagePrediction, 'file' | 'pValue'> {
  /** Of "the two leading classes are equally likely", two-sided; null where one radius was asked about. */
  readonly pValue: number | null
  /** Votes of the estimation by class. They add up to `n`. */
  readonly votes: readonly number[]
  /** Whether the one radius that was asked about is certified; `undecided` where the votes did not suffice. Else null. */
  readonly atRadius: 'certified' | 'refused' | 'undecided' | null
  /** How many noisy copies were drawn in all. */
  readonly copies: number
  /** Probability, over the noise, of a wrong `certified` answer at most, and of a wrong `predicted` one. */
  readonly alpha: number
  readonly seed: number
}

/** What the votes of an image say while they come in. It is not a certificate: only the last answer is one. */
export interface PreliminaryAnswer extends VotesSoFar {
  /** The class with the most votes. */
  readonly topClass: number
  readonly className: string
  /** The radius that the votes until now would give if no more were drawn. */
  readonly radius: number
}

/** What the classes are called: always something. */
export type NameOf = (label: number) => string

interface Asked {
  readonly alpha: number
  readonly seed: number
  readonly nameOf: NameOf
  readonly votes: readonly number[]
}

/** What CERTIFY and PREDICT say together, or the test at one radius. */
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

/** The copies of the selection and of the estimation, of all rounds. */
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
    // A class that is refused at the radius is shown nowhere.
    prediction: isCertified ? predictionOf(outcome) : ABSTAIN,
    ...{ radius: radiusOf(outcome), atRadius: atRadius as NonNullable<SmoothedAnswer['atRadius']> },
    ...{ lowerBound, topClass: candidate, topCount: candidateCount, runnerUp, runnerUpCount, n },
  }
}

/** What the votes until now would say. */
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
