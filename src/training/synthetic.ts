import { sourceOfClassifier, sourceOfDenoiser } from '../config/model-schema'
import { parseUnknownConfig, type RunConfig } from '../config/schema'
import type { ImageSize } from '../config/sources/image-size'

export interface SyntheticOptions {
  /** Size of the images in pixels, as the denoiser sees them. */
  readonly imageSize: ImageSize
  /** Default 3. */
  readonly channels?: 1
  readonly classes: number
  readonly trainImages: number
  readonly testImages: number
}

/**
 * Returns the same configuration with full-size networks of random weights and generated images, to measure time and memory without real
 * ones. Sizes, batches, method and schedules stay the same.
 *
 * @throws ConfigError for a denoiser or classifier whose architecture is known only from its weights
 */
export function syntheticRun(config: RunConfig, images: SyntheticOptions): RunConfig {
  const { smoothing, classifier } = config
  const { denoiser } = smoothing
  return parseUnknownConfig({
    ...config,
    smoothing: {
      ...smoothing,
      denoiser: denoiser.source === 'none' ? denoiser : sourceOfDenoiser(denoiser).randomWeights(denoiser),
    },
    classifier: sourceOfClassifier(classifier).randomWeights(classifier, images.classes),
    data: { source: 'synthetic', ...images },
  })
}
