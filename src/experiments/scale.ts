import type { Session } from '../bridge'
import type { RunConfig } from '../config/schema'

export const SCALES = ['digits', 'mnist', 'cifar10', 'imagenet'] as const
export type ScaleName = (typeof SCALES)[number]

/** A network that must be made before arms can start from it. */
export interface Preparation {
  readonly label: string
  /** Folder for its weights. */
  readonly folder: string
  readonly prepare: (session: Session) => Promise<void>
}

/** The data, networks and budget of an experiment. */
export interface Scale {
  readonly name: ScaleName
  /** Data and networks in a few words. */
  readonly title: string
  /** The differences from the paper, one sentence. */
  readonly differs: string
  /** Noise levels of Table 1 at this scale, on the [0, 1] scale. */
  readonly sigmas: readonly number[]
  /** The noise level of all other experiments, if it differs from the paper's. */
  readonly ablationSigma?: number
  /** ℓ2 radii of tables, on the [0, 1] scale. */
  readonly radii: readonly number[]
  /** Images of the training set. */
  readonly trainImages: number
  /** Number of values in an image. */
  readonly dimensions: number
  /** ℓ∞ radii, as fractions of 255 levels. */
  readonly lInfinity: readonly string[]
  /**
   * FT-CADIS at a noise level; on MNIST, which has no denoiser, training on noisy images. `isAblation` gives the shorter runs of the
   * paper's ablations. `output` and `seed` are replaced.
   */
  readonly base: (sigma: number, options: { readonly isAblation: boolean }) => RunConfig
  /** The same with low-rank adapters, and with every weight trained. */
  readonly lora: (config: RunConfig) => RunConfig
  readonly full: (config: RunConfig) => RunConfig
  /** The same from a convolutional classifier with batch normalisation; absent if the paper has none. */
  readonly convolutional?: (config: RunConfig) => RunConfig
  readonly preparations?: readonly Preparation[]
  /** Divides the epochs of every training. */
  readonly shorten?: number
  /** Noisy copies of an image in certification, in place of those of `base`. */
  readonly n?: number
}
