import { ABSTAIN } from './abstain'

/** What a certification has found out about an image. Each statement is wrong with probability at most α over the noise. */
export type Finding =
  /** The smoothed classifier gives the class everywhere within the radius: ℓ2, for pixels in [0, 1]. */
  | { readonly kind: 'certified'; readonly class: number; readonly radius: number }
  /** The same, where single radii were asked about. */
  | {
      readonly kind: 'certified-at'
      readonly class: number
      /** At which the class is certified, increasing. */
      readonly radii: readonly number[]
      /** At which it was shown that the class cannot be certified. A radius that was given up is in neither list. */
      readonly refused: readonly number[]
    }
  /** The smoothed classifier gives the class at the image itself, and no radius is certified. */
  | { readonly kind: 'predicted'; readonly class: number }
  | { readonly kind: 'abstains' }
  /** The votes did not suffice to tell. */
  | { readonly kind: 'undecided'; readonly why: string }

/** Votes that were drawn at once, and how many of them are for the candidate. */
export type Draw = readonly [votes: number, hits: number]

/** The votes that a finding follows from, and what else it takes to check it again. */
export interface Evidence {
  /** ĉ: the class that the selection names. Of PREDICT the class with the most votes. */
  readonly candidate: number
  /** Votes for `candidate` among the `n` of the estimation. */
  readonly candidateCount: number
  /** The class other than `candidate` with the most votes in the estimation, and these. */
  readonly runnerUp: number
  readonly runnerUpCount: number
  /** Votes of the selection. */
  readonly n0: number
  /** Votes of the estimation. */
  readonly n: number
  /** Lower confidence bound of the probability of `candidate` under the noise. */
  readonly lowerBound?: number
  /** Of a randomised bound: its uniform number, of the image's stream. */
  readonly uniform?: number
  /** Votes of the selection by class; classes without votes are left out. */
  readonly selection?: Readonly<Record<string, number>>
  /** Of PREDICT: two-sided p-value of "the two leading classes are equally likely". */
  readonly pValue?: number
  /** Of a grid: the look at which it stopped, counted from 1, and what each look has drawn. */
  readonly look?: number
  readonly looks?: readonly Draw[]
  /** Votes that planned the estimation and are in no count. */
  readonly pilot?: number
  /** Of a sized certification: what the pilot has drawn, and the votes that it asked for. */
  readonly pilots?: readonly Draw[]
  readonly planned?: number
  /** Of PixelDP: upper bound of the score of the runner-up. */
  readonly upperBound?: number
  /** Of a cascade: votes of the estimation by class; classes without votes are left out. */
  readonly counts?: Readonly<Record<string, number>>
  /** Of PixelDP by mean scores: their sums and those of their squares by class, in steps of 2^-15; classes that have none are left out. */
  readonly scores?: Readonly<Record<string, readonly [sum: number, squares: number]>>
  /** Of ACES and a cascade: the class of a network that is not smoothed, where it was asked. */
  readonly unsmoothed?: number
  /** Other votes that the finding follows from, in the order in which they were drawn. */
  readonly parts?: readonly EvidencePart[]
}

/** Votes beside those of the row: of an earlier round or scale, of the selector of ACES, or of a router and its other experts. */
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

/** All votes that were drawn to estimate or to plan it, in whatever rounds. */
export function votesOf({ n, pilot = 0, parts = [] }: Evidence): number {
  const others = parts.filter(({ of }) => of !== 'selector')
  return others.reduce((total, part) => total + part.n, n + pilot)
}

/** What a certification has found out about an image, and from what. */
export type Outcome = Finding & { readonly evidence: Evidence }

/** The class that a finding names, or ABSTAIN: the column `predict`. */
export function predictionOf(finding: Finding): number {
  return 'class' in finding ? finding.class : ABSTAIN
}

/** The largest certified radius, 0 where there is none: the column `radius`. */
export function radiusOf(finding: Finding): number {
  if (finding.kind === 'certified') return finding.radius
  return finding.kind === 'certified-at' ? Math.max(0, ...finding.radii) : 0
}

/** Names the router among lines, and among the votes of a row. */
export const ROUTER = 'router'

/** Names an expert in the same places, by its place. */
export function expertName(place: number): string {
  return `expert ${place + 1}`
}

/** Votes by class, without the classes that have none. */
export function sparseCounts(counts: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries(counts.flatMap((votes, label) => (votes === 0 ? [] : [[label, votes]])))
}
