import { type DenoiserConfig, parseConfig, type RunConfig } from '../config/schema'
import { ConfigError } from '../errors'

export interface SyntheticOptions {
  /** Side of the images in pixels, as the denoiser sees them. */
  readonly imageSize: number
  readonly classes: number
  readonly trainImages: number
  readonly testImages: number
}

/** The configuration of the ViT-B/16 that stands in for a transformer of transformers. */
const VIT_BASE_16 = { model_type: 'vit' }

/**
 * The same configuration with full-size networks of random weights and generated images, to measure what it takes
 * without having any of them. Sizes, batches, method and schedules stay as they are.
 *
 * @throws ConfigError for a denoiser or classifier whose architecture its weights alone tell
 */
export function syntheticRun(config: RunConfig, images: SyntheticOptions): RunConfig {
  return parseConfig({
    ...config,
    smoothing: { ...config.smoothing, denoiser: randomDenoiser(config.smoothing.denoiser) },
    classifier: randomClassifier(config.classifier, images.classes),
    data: { source: 'synthetic', ...images },
  })
}

function randomDenoiser(denoiser: DenoiserConfig): DenoiserConfig {
  if (denoiser.source === 'none') return denoiser
  if (denoiser.source === 'diffusers') {
    throw new ConfigError('A denoiser of diffusers has no known architecture without its files.', {
      remedy: 'Use one of the source openai.',
    })
  }
  const { path: _path, sha256: _sha256, ...others } = denoiser
  return others
}

function randomClassifier(classifier: RunConfig['classifier'], numClasses: number): unknown {
  const { path: _, ...others } = classifier
  if (others.source === 'timm') {
    if (others.name === undefined) {
      throw new ConfigError('A timm classifier has no known architecture without its name.', {
        remedy: 'Set classifier.name.',
      })
    }
    return { ...others, pretrained: false, numClasses }
  }
  if (others.source === 'transformers') return { ...others, config: others.config ?? VIT_BASE_16, numClasses }
  return { ...others, numClasses }
}
