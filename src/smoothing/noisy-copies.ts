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
import { carried, noisy, type Smoothing } from './smoothing'

/** Returns the noisy copies of a pass as input of the front. */
export function noisyCopies(
  { noise = { kind: 'gaussian' }, scales, front }: Pick<Smoothing, 'noise' | 'scales' | 'front'>,
  images_SCHW: Tensor<'SCHW'>,
  runs: CopyRuns,
): Tensor<'NCHW'> {
  switch (noise.kind) {
    case 'gaussian': {
      // Once per image, not per copy.
      const carried_SCHW = carried({ front }, images_SCHW)
      return noisy({ scales }, imagesOfRuns(carried_SCHW, runs), noiseOfRuns(carried_SCHW, runs))
    }
    case 'uniform': {
      const drawn_NCHW = uniformOfRuns(images_SCHW, runs, noise)
      return noisy({ scales }, imagesOfRuns(images_SCHW, runs), drawn_NCHW)
    }
    case 'laplace': {
      const drawn_NCHW = laplaceOfRuns(images_SCHW, runs, noise)
      return noisy({ scales }, imagesOfRuns(images_SCHW, runs), drawn_NCHW)
    }
    case 'discrete-gaussian':
      // The pixels already contain the noise; a diffusion model receives them in the scale of its training.
      return mul(steppedOfRuns(images_SCHW, runs, noise), scales.image)
  }
}
