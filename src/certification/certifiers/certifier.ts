import type { Outcome } from '../../logs/outcome'
import type { StreamName } from '../../streams'

/**
 * How votes become a statement about an image: plain TypeScript, to be tested with counts out of a table. Who votes is
 * the voter's business; whoever drives a certifier answers what it asks for.
 */
export interface Certifier {
  readonly kind: string
  /** The ballot of the voter that it looks at, where an ask names no other. */
  readonly ballot: string
  /**
   * Begins the certification of one image.
   *
   * @param stream - the name of the image among random streams, for what a certifier draws itself
   */
  begin(stream?: StreamName): Steps
}

/** Noisy copies of the image at hand that a certifier wants votes on. */
export interface Ask {
  /** Names the noise, together with the image and the number of a copy: votes that are to be independent have different names. */
  readonly stage: string
  /** Copies of the stage that were asked for before, 0 unless given; only of a stage that is drawn in several parts. */
  readonly from?: number
  readonly count: number
  /** The smoothed classifier that is asked; what differs in it alone shares its noise. Default: main. */
  readonly line?: string
  /** Default: the certifier's. What differs in it alone is drawn once, and votes on the same copies. */
  readonly ballot?: string
}

/** Votes by class on the copies of an ask. They add up to its `count`. */
export type Tally = readonly number[]

/** A certifier at work on one image: it yields what it asks for, gets the tallies in that order, and returns. */
export type Steps = Generator<readonly Ask[], Outcome, readonly Tally[]>

/** The ballot of a voter that has but one. */
export const ONLY_BALLOT = 'class'
