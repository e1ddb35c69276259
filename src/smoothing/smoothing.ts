import type { Autocast, Classifier, Denoiser } from '../torch'
import type { NoiseLevel } from './noise-level'

/** Base classifiers and what is in front of them. */
export type Smoothing = {
  /** All vote on the same noisy images, which makes their comparison a paired one. */
  readonly classifiers: readonly Classifier[]
  /** What both networks compute in where torch knows that to be safe; classifiers are to be loaded with it. Default none. */
  readonly autocast?: Autocast
} & (
  | { readonly denoiser: Denoiser; readonly level: NoiseLevel }
  | {
      /** None: f(x + noise), plain randomized smoothing. */
      readonly denoiser: null
      /** Standard deviation of the noise for pixels in [0, 1], twice that in [-1, 1]. */
      readonly level: { readonly sigma: number }
    }
)
