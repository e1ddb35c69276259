import type { Classifier, Tensor } from '../../torch'

/**
 * Who gives a noisy copy of an image its class. The class is a function of the copy alone, so that certificates speak of
 * the voter as of one classifier.
 */
export interface Voter {
  /** All networks that it asks: the program of a pass is recorded once, and is told of them. */
  readonly networks: readonly Classifier[]
  /** What is voted on, by name: several ballots where several things are asked of the same copies. */
  readonly ballots: Readonly<Record<string, Ballot>>
  /** Who is asked about the copies that `cast` leaves open, by ballot. Default: it leaves none open. */
  readonly rests?: Readonly<Record<string, Rest>>
  /**
   * Records the class of each copy, for the ballots that are asked for; -1 for a copy that has none.
   *
   * @param seen_NCHW - the copies as a classifier sees them, behind the denoiser if there is one
   */
  cast(seen_NCHW: Tensor<'NCHW'>, asked: readonly string[]): Readonly<Record<string, Cast>>
}

export interface Ballot {
  /** K. */
  readonly classes: number
  /** Whether copies give one class their vote, or each class a score. Default: votes. */
  readonly kind?: 'votes' | 'scores'
}

/** The class of each copy, also where some are left open; or scores by class in [0, 1]. */
export type Cast = Tensor<'N'> | OpenCast | ScoreCast

/** Of a ballot of scores. A copy with a score that is NaN has none. */
export interface ScoreCast {
  readonly scores_NK: Tensor<'NK'>
}

/** Classes of a ballot that has a {@link Rest}: `OPEN` for each copy that it is asked about. */
export interface OpenCast {
  readonly class_N: Tensor<'N'>
  /** Of the open copies alone, in their order. */
  readonly kept: KeptTensors
}

/** What is kept of copies whose class is open. */
export interface KeptTensors {
  readonly seen_NCHW: Tensor<'NCHW'>
  /** Of the members that were asked. */
  readonly logits: readonly Tensor<'NK'>[]
}

/** The class of a copy that another network has to be asked about. */
export const OPEN = -2

/** Who settles the class of copies that are left open. */
export interface Rest {
  readonly networks: readonly Classifier[]
  /** Records the class of each; -1 for a copy that has none. */
  cast(kept: KeptTensors): Tensor<'N'>
}
