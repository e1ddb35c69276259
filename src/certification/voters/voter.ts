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
  /**
   * Records the class of each copy, for the ballots that are asked for; -1 for a copy that has none.
   *
   * @param seen_NCHW - the copies as a classifier sees them, behind the denoiser if there is one
   */
  cast(seen_NCHW: Tensor<'NCHW'>, asked: readonly string[]): Readonly<Record<string, Tensor<'N'>>>
}

export interface Ballot {
  /** K. */
  readonly classes: number
}
