import {
  type CopyRuns,
  imagesOfRuns,
  laplaceOfRuns,
  mul,
  noiseOfRuns,
  steppedOfRuns,
  type Tensor,
  uniformOfRuns,
} from '../torch'
import { noisy, type Smoothing } from './smoothing'

/** The noisy copies of a pass, as the front takes them. */
export function noisyCopies(
  { noise = { kind: 'gaussian' }, scales }: Pick<Smoothing, 'noise' | 'scales'>,
  images_SCHW: Tensor<'SCHW'>,
  runs: CopyRuns,
): Tensor<'NCHW'> {
  switch (noise.kind) {
    case 'gaussian':
      return noisy({ scales }, imagesOfRuns(images_SCHW, runs), noiseOfRuns(images_SCHW, runs))
    case 'uniform': {
      const drawn_NCHW = uniformOfRuns(images_SCHW, runs, noise)
      return noisy({ scales }, imagesOfRuns(images_SCHW, runs), drawn_NCHW)
    }
    case 'laplace': {
      const drawn_NCHW = laplaceOfRuns(images_SCHW, runs, noise)
      return noisy({ scales }, imagesOfRuns(images_SCHW, runs), drawn_NCHW)
    }
    case 'discrete-gaussian':
      // The noise is in the pixels already; a diffusion model sees them scaled as it has been trained to.
      return mul(steppedOfRuns(images_SCHW, runs, noise), scales.image)
  }
}
