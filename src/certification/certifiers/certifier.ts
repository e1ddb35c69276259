import type { Outcome } from '../../logs/outcome'
import type { StreamName } from '../../streams'

/**
 * Turns votes into a statement about an image, in plain TypeScript that can be tested with tables of counts. The voter decides who votes;
 * the driver of a certifier answers its requests.
 */
export interface Certifier {
  readonly kind: string
  /** The ballot to use if a request names none. */
  readonly ballot: string
  /**
   * Starts the certification of one image.
   *
   * @param stream - the name of the image among random streams, for a certifier's own draws
   */
  begin(stream?: StreamName): Steps
}

/** A request for votes on noisy copies of the current image. */
export interface Ask {
  /** Names the noise, together with the image and the number of a copy: independent votes need different names. */
  readonly stage: string
  /** Copies of the stage requested before, 0 by default; only for a stage drawn in several parts. */
  readonly from?: number
  readonly count: number
  /** The smoothed classifier that votes; requests that differ only in it share noise. Default: main. */
  readonly line?: string
  /** Default: the certifier's. Requests that differ only in it are drawn once, and vote on the same copies. */
  readonly ballot?: string
}

/**
 * Votes by class on the copies of a request; their sum is its `count`. For a ballot of scores: their sums by class, the sums of their
 * squares, and the number of copies.
 */
export type Tally = readonly number[]

/** A running certifier of one image: yields its requests, receives the tallies in that order, and returns the outcome. */
export type Steps = Generator<readonly Ask[], Outcome, readonly Tally[]>

/** The ballot of mean scores. */
export const SCORES_BALLOT = 'scores'

/** The ballot of a voter that has only one. */
export const ONLY_BALLOT = 'class'
