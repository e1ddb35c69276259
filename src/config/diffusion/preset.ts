import { parseConfig, type RunConfigOf, requireMethod } from '../schema'
import type { ImageSize } from '../sources/image-size'
import type { RunConfigInput } from '../types/run'
import { SHORT_SCHEDULE, smallUnet } from './small-unet'

export interface DiffusionPresetOptions {
  /**
   * Noise level, for pixels in [0, 1], at which the denoiser is evaluated. It is trained for all levels up to 1. Default
   * 0.25.
   */
  readonly sigma?: number
  /** Folder with `train` and `test` (or `val`), each with one folder per class. */
  readonly data: string
  /** Size in pixels to which images are resized and cropped: the side of a square, or [height, width]. Default 64. */
  readonly imageSize?: ImageSize
  /** Folder in diffusers format with an initial denoiser. Default: a small UNet with random weights. */
  readonly denoiser?: string | undefined
  /**
   * Folder or file of a classifier of these images in timm's format, whose accuracy behind the denoiser is measured.
   * Default: none.
   */
  readonly classifier?: string | undefined
  /** Folder of the run. */
  readonly output: string
}

/**
 * Returns a configuration that trains a small pixel denoiser on your own images, from random weights or an existing
 * denoiser: AdamW, cosine, a moving average of the weights.
 *
 * @throws ConfigError if the denoiser cannot halve the image size often enough
 */
export function diffusionPreset({
  sigma = 0.25,
  data,
  imageSize = 64,
  denoiser,
  classifier,
  output,
}: DiffusionPresetOptions): RunConfigOf<'diffusion'> {
  const input: RunConfigInput = {
    smoothing: {
      sigma,
      denoiser:
        denoiser === undefined
          ? { source: 'diffusers', unet: smallUnet({ imageSize }), scheduler: SHORT_SCHEDULE }
          : { source: 'diffusers', path: denoiser },
    },
    classifier: classifier === undefined ? { source: 'none' } : { source: 'timm', path: classifier },
    data: { source: 'folder', path: data, imageSize, resizeSize: imageSize, augment: false },
    method: { kind: 'diffusion' },
    optimisation: {
      epochs: 30,
      warmupEpochs: 1,
      imagesPerUpdate: 32,
      learningRate: 1e-3,
      weightDecay: { start: 0.01, end: 0.01 },
      clip: { per: 'global', norm: 1 },
    },
    output,
  }
  return requireMethod(parseConfig(input), 'diffusion')
}
