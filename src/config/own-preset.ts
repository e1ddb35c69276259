import { given } from '../files/given'
import { parseConfig, type RunConfig, type RunConfigInput } from './schema'
import { type ImageSize, imageSizeOf, sidesOf } from './sources/image-size'
import type { TuningConfigInput } from './types/classifier'
import type { DataConfigInput } from './types/data'

/** Settings for your own images and classifier, which no paper covers. */

export interface OwnPresetOptions {
  /** Folder of the images: class folders below `train` and `test`, or class folders only; or the settings of the data. */
  readonly data: string | DataConfigInput
  /** The classifier, as in any configuration. */
  readonly classifier: RunConfigInput['classifier']
  /** The denoiser, as in any configuration; `none` for a classifier that handles noisy images. */
  readonly denoiser: RunConfigInput['smoothing']['denoiser'] | 'none'
  /** Noise level, for pixels in [0, 1]. Certified radii reach 2 to 3 times as far. */
  readonly sigma: number
  /** The trained weights: adapters and the head (a vision transformer), or all. Default full. */
  readonly tuning?: 'lora' | 'full' | undefined
  /** For class folders only: the share of each class held out as test images. Required for training. */
  readonly testShare?: number | undefined
  /** Number of training images, which decides epochs and images per update. Default 1,000. */
  readonly trainImages?: number | undefined
  /**
   * Size in pixels of the images that the denoiser sees: the side of a square, or [height, width]. Default 224, or that
   * of `data`.
   */
  readonly imageSize?: ImageSize | undefined
  /** Folder of the run. Default `runs/own`. */
  readonly output?: string | undefined
}

interface Length {
  readonly below: number
  readonly epochs: number
  readonly warmupEpochs: number
  readonly imagesPerUpdate: number
  /** Base learning rate where every weight is trained; it is scaled by images an update / 256. Below 10,000 images that is 1e-4. */
  readonly fullRate: number
}

/** Length of training by number of images: some thousand updates, as in the paper, but at most 30 epochs. */
export const OWN_LENGTHS: readonly Length[] = [
  { below: 1000, epochs: 30, warmupEpochs: 3, imagesPerUpdate: 32, fullRate: 8e-4 },
  { below: 10_000, epochs: 20, warmupEpochs: 2, imagesPerUpdate: 64, fullRate: 4e-4 },
  { below: 100_000, epochs: 20, warmupEpochs: 2, imagesPerUpdate: 128, fullRate: 1e-4 },
  { below: Number.POSITIVE_INFINITY, epochs: 5, warmupEpochs: 1, imagesPerUpdate: 128, fullRate: 1e-4 },
]

/** Images whose longer side is at most this are attacked as in the paper's runs on CIFAR-10, others as in those on ImageNet. */
const SMALL = 64

/**
 * Returns a configuration that fine-tunes and certifies your own classifier. With a denoiser it is FT-CADIS, with the
 * attack of the paper's runs on images of that size; without one, training on noisy images.
 *
 * @example
 * const config = presets.own({
 *   ...{ data: 'photos', classifier: { source: 'timm', name: 'resnet18', path: 'model.pth' } },
 *   ...{ denoiser: 'none', sigma: 0.25, trainImages: 96 },
 * })
 * config.optimisation.epochs // => 30
 *
 * @throws ConfigError listing every invalid field
 */
export function own(options: OwnPresetOptions): RunConfig {
  return parseConfig(ownSettings(options))
}

/** Returns the settings of {@link own}, as short as one would write them. */
export function ownSettings({
  data,
  classifier,
  denoiser,
  sigma,
  tuning = 'full',
  trainImages = 1000,
  testShare,
  imageSize,
  output = 'runs/own',
}: OwnPresetOptions): RunConfigInput {
  const length = OWN_LENGTHS.find(({ below }) => trainImages < below) ?? OWN_LENGTHS[0]
  const { epochs, warmupEpochs, imagesPerUpdate, fullRate } = length as Length
  const perUpdate = Math.max(1, Math.min(imagesPerUpdate, trainImages))
  const images: DataConfigInput =
    typeof data === 'string'
      ? {
          ...{ source: 'folder', path: data, ...given({ testShare }) },
          ...(imageSize !== undefined && { imageSize, resizeSize: resizeFor(imageSize) }),
        }
      : data
  const isSmall = isSmallSize(imageSize ?? sizeOfImages(images))
  return {
    smoothing: { sigma, denoiser: denoiser === 'none' ? { source: 'none' } : denoiser },
    classifier,
    tuning: { kind: tuning } satisfies TuningConfigInput,
    data: images,
    method: isNone(denoiser)
      ? { kind: 'gaussian' }
      : {
          kind: 'ft-cadis',
          noises: isSmall ? 4 : 2,
          lambda: sigma <= 0.25 ? 1 : 2,
          attack: { steps: isSmall ? 4 : 1, epsilon: 0.25 },
        },
    optimisation: {
      ...{ epochs, warmupEpochs, imagesPerUpdate: perUpdate },
      ...(perUpdate % 8 === 0 && { imagesPerMicroBatch: 8 }),
      learningRate: { base: tuning === 'lora' ? 4e-4 : fullRate },
      minLearningRate: 0,
      weightDecay: { start: 0.01, end: 0.1 },
      clip: { per: 'tensor', norm: 1 },
    },
    certification: { n0: 100, n: 10_000, alpha: 0.001 },
    output,
  }
}

/** Returns the size to resize to before the centre crop, as for ImageNet: 256 for 224. Small images are not cropped. */
export function resizeFor(imageSize: ImageSize): ImageSize {
  if (isSmallSize(imageSize)) return imageSize
  const [height, width] = sidesOf(imageSize).map(side => Math.round((side * 256) / 224)) as [number, number]
  return imageSizeOf([height, width])
}

function isSmallSize(size: ImageSize): boolean {
  return Math.max(...sidesOf(size)) <= SMALL
}

function sizeOfImages(data: DataConfigInput): ImageSize {
  if ('imageSize' in data && data.imageSize !== undefined) return data.imageSize
  const sides: Readonly<Record<string, number>> = { digits: 8, mnist: 28, cifar10: 32 }
  return sides[data.source] ?? 224
}

function isNone(denoiser: OwnPresetOptions['denoiser']): boolean {
  return denoiser === 'none' || denoiser.source === 'none'
}
