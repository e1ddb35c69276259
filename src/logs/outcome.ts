import { ABSTAIN } from './abstain'

/** The finding of a certification about an image. Each statement is wrong with probability at most α over the noise. */
export type Finding =
  /** The smoothed classifier returns the class everywhere within the radius: ℓ2, for pixels in [0, 1]. */
  | { readonly kind: 'certified'; readonly class: number; readonly radius: number }
  /** The same, for a list of radii. */
  | {
      readonly kind: 'certified-at'
      readonly class: number
      /** Radii at which the class is certified, ascending. */
      readonly radii: readonly number[]
      /** Radii at which the class provably cannot be certified. A radius that was given up is in neither list. */
      readonly refused: readonly number[]
    }
  /** The smoothed classifier returns the class at the image itself, without a certified radius. */
  | { readonly kind: 'predicted'; readonly class: number }
  | { readonly kind: 'abstains' }
  /** The votes did not decide. */
  | { readonly kind: 'undecided'; readonly why: string }

/** Votes drawn at once, and the number of them for the candidate. */
export type Draw = readonly [votes: number, hits: number]

/** The votes behind a finding, and everything needed to check it again. */
export interface Evidence {
  /** ĉ: the class chosen by the selection. For PREDICT the class with the most votes. */
  readonly candidate: number
  /** Votes for `candidate` among the `n` of the estimation. */
  readonly candidateCount: number
  /** The class other than `candidate` with the most votes in the estimation, and their number. */
  readonly runnerUp: number
  readonly runnerUpCount: number
  /** Number of votes of the selection. */
  readonly n0: number
  /** Number of votes of the estimation. */
  readonly n: number
  /** Lower confidence bound on the probability of `candidate` under the noise. */
  readonly lowerBound?: number
  /** For a randomised bound: its uniform number, from the image's stream. */
  readonly uniform?: number
  /** Votes of the selection by class; classes without votes are omitted. */
  readonly selection?: Readonly<Record<string, number>>
  /** For PREDICT: two-sided p-value of "the two leading classes are equally likely". */
  readonly pValue?: number
  /** For a grid: the look at which it stopped, counted from 1, and the draws of each look. */
  readonly look?: number
  readonly looks?: readonly Draw[]
  /** Votes that planned the estimation and do not count. */
  readonly pilot?: number
  /** For a sized certification: the draws of the pilot, and the votes that it requested. */
  readonly pilots?: readonly Draw[]
  readonly planned?: number
  /** For PixelDP: upper bound on the score of the runner-up. */
  readonly upperBound?: number
  /** For a cascade: votes of the estimation by class; classes without votes are omitted. */
  readonly counts?: Readonly<Record<string, number>>
  /** For PixelDP by mean scores: their sums and sums of squares by class, in steps of 2^-15; classes without any are omitted. */
  readonly scores?: Readonly<Record<string, readonly [sum: number, squares: number]>>
  /** For ACES and a cascade: the class of a network that is not smoothed, if known. */
  readonly unsmoothed?: number
  /** Other votes behind the finding, in the order in which they were drawn. */
  readonly parts?: readonly EvidencePart[]
}

/**
 * Votes besides those of the row: of an earlier round or scale, of the selector of ACES, or of a router and its other
 * experts.
 */
export interface EvidencePart
  extends Omit<
    Evidence,
    | 'parts'
    | 'pValue'
    | 'look'
    | 'looks'
    | 'pilot'
    | 'pilots'
    | 'planned'
    | 'upperBound'
    | 'scores'
    | 'unsmoothed'
  > {
  /** `round 1`, `scale 1`, `expert 1`, counted from 1, `selector` or `router`. */
  readonly of: string
}

/** Returns the number of votes for estimation and planning, over all rounds. */
export function votesOf({ n, pilot = 0, parts = [] }: Evidence): number {
  const others = parts.filter(({ of }) => of !== 'selector')
  return others.reduce((total, part) => total + part.n, n + pilot)
}

/** A finding about an image, with its evidence. */
export type Outcome = Finding & { readonly evidence: Evidence }

/** Returns the class of a finding, or ABSTAIN: the column `predict`. */
export function predictionOf(finding: Finding): number {
  return 'class' in finding ? finding.class : ABSTAIN
}

/** Returns the largest certified radius, 0 for none: the column `radius`. */
export function radiusOf(finding: Finding): number {
  if (finding.kind === 'certified') return finding.radius
  return finding.kind === 'certified-at' ? Math.max(0, ...finding.radii) : 0
}

/** Name of the router among lines, and among the votes of a row. */
export const ROUTER = 'router'

/** Returns the name of an expert in the same places, by position. */
export function expertName(place: number): string {
  return `expert ${place + 1}`
}

/** Returns votes by class, without classes that have none. */
export function sparseCounts(counts: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries(counts.flatMap((votes, label) => (votes === 0 ? [] : [[label, votes]])))
}
