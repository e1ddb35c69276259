import type { Classifier, Tensor } from '../../torch'

/** Assigns a class to a noisy copy of an image. The class depends only on the copy, so certificates treat the voter as one classifier. */
export interface Voter {
  /** All its networks: the program of a pass is recorded once, with them as inputs. */
  readonly networks: readonly Classifier[]
  /** The ballots, by name: several if there are several questions about the same copies. */
  readonly ballots: Readonly<Record<string, Ballot>>
  /** The networks that decide copies left open by `cast`, by ballot. Default: none are left open. */
  readonly rests?: Readonly<Record<string, Rest>>
  /**
   * Records the class of each copy for the requested ballots; -1 for a copy without one.
   *
   * @param seen_NCHW - the copies as a classifier sees them, behind the denoiser if any
   */
  cast(seen_NCHW: Tensor<'NCHW'>, asked: readonly string[]): Readonly<Record<string, Cast>>
}

export interface Ballot {
  /** K. */
  readonly classes: number
  /** Whether a copy votes for one class, or gives each class a score. Default: votes. */
  readonly kind?: 'votes' | 'scores'
}

/** The class of each copy, with some possibly open; or scores by class in [0, 1]. */
export type Cast = Tensor<'N'> | OpenCast | ScoreCast

/** The scores of a ballot. A copy with a NaN score has none. */
export interface ScoreCast {
  readonly scores_NK: Tensor<'NK'>
}

/** Classes of a ballot with a {@link Rest}: `OPEN` for each copy that the rest decides. */
export interface OpenCast {
  readonly class_N: Tensor<'N'>
  /** Only for the open copies, in order. */
  readonly kept: KeptTensors
}

/** Tensors kept for copies with open classes. */
export interface KeptTensors {
  readonly seen_NCHW: Tensor<'NCHW'>
  /** Of the members that have voted. */
  readonly logits: readonly Tensor<'NK'>[]
}

/** The class of a copy that another network must decide. */
export const OPEN = -2

/** The networks that settle the classes of open copies. */
export interface Rest {
  readonly networks: readonly Classifier[]
  /** Records the class of each; -1 for a copy without one. */
  cast(kept: KeptTensors): Tensor<'N'>
}
