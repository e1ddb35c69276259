import { ConfigError } from '../errors'
import { diffusionPreset } from './diffusion/preset'
import { DIGITS_NETWORKS } from './digits-networks'
import type { FtCadisSettings } from './methods/ft-cadis'
import { own } from './own-preset'
import { cachedPath, PUBLISHED_WEIGHTS } from './published-weights'
import { parseConfig, type RunConfigInput, type RunConfigOf, requireMethod } from './schema'
import { table1 } from './table1/presets'

/**
 * The settings of the paper as functions: Tables 8 to 10 and Appendix B, completed by the released code. Each returns a
 * complete configuration; a variant is a copy with other fields.
 */

/** Values for CIFAR-10 that depend on the noise level. The paper gives them for sigma 0.25, 0.5 and 1. */
export interface Cifar10OpenValues {
  /** Scaled by imagesPerUpdate / 256. */
  readonly baseLearningRate: number
  /** Weight of the adversarial loss. */
  readonly lambda: number
  /** Radius of the attack, for images in [-1, 1]. */
  readonly epsilon: FtCadisSettings['attack']['epsilon']
}

/** Values for ImageNet that depend on the noise level. The paper gives them for sigma 0.25, 0.5 and 1. */
export interface ImagenetOpenValues {
  /** Scaled by imagesPerUpdate / 256. */
  readonly baseLearningRate: number
  readonly weightDecay: { readonly start: number; readonly end: number }
  readonly layerDecay: number
  /** Weight of the adversarial loss. */
  readonly lambda: number
}

const CIFAR10_BY_SIGMA: ReadonlyMap<number, Cifar10OpenValues> = new Map([
  [0.25, { baseLearningRate: 5e-4, lambda: 1, epsilon: 0.25 }],
  [0.5, { baseLearningRate: 5e-4, lambda: 2, epsilon: 0.25 }],
  [
    1,
    {
      baseLearningRate: 1e-4,
      lambda: 4,
      epsilon: [
        { fromEpoch: 0, epsilon: 0.25 },
        { fromEpoch: 10, epsilon: 0.5 },
      ],
    },
  ],
])

const IMAGENET_BY_SIGMA: ReadonlyMap<number, ImagenetOpenValues> = new Map([
  [0.25, { baseLearningRate: 2e-4, weightDecay: { start: 0.02, end: 0.2 }, layerDecay: 0.8, lambda: 2 }],
  [0.5, { baseLearningRate: 4e-4, weightDecay: { start: 0.01, end: 0.1 }, layerDecay: 0.9, lambda: 1 }],
  [1, { baseLearningRate: 4e-4, weightDecay: { start: 0.01, end: 0.1 }, layerDecay: 0.9, lambda: 2 }],
])

/** Settings shared by the paper's two data sets (Appendix B; loss, clipping and learning rate as in the released code). */
const METHOD = {
  kind: 'ft-cadis',
  crossEntropy: 'selected',
  coldStart: true,
  adversarial: 'masked',
  adversarialTarget: 'soft',
  targetGradient: 'live',
  adversarialReduction: 'max',
  updateSelection: true,
} as const
const OPTIMISATION = {
  imagesPerUpdate: 128,
  imagesPerMicroBatch: 8,
  minLearningRate: 1e-6,
  parameterGroups: 'released',
  betas: [0.9, 0.999] as [number, number],
} as const

export interface Cifar10PresetOptions extends Partial<Cifar10OpenValues> {
  /** Noise level, for pixels in [0, 1]. Others than 0.25, 0.5 and 1 need every value of {@link Cifar10OpenValues}. */
  readonly sigma: number
  /** The file cifar10_uncond_50M_500K.pt of improved-diffusion. Default: the path of `ft-cadis fetch cifar10`. */
  readonly denoiser?: string
  /** Folder or hub id of a ViT-B/16 for CIFAR-10 in transformers' format. Default: the hub id of the paper's. */
  readonly classifier?: string
  /** Folder cifar-10-batches-py. */
  readonly data: string
  /** Folder of the run. */
  readonly output: string
}

/**
 * Returns settings for full fine-tuning of a ViT-B/16 on CIFAR-10 (Table 9): 20 of the 30 epochs of the schedule (early
 * stopping). All test images are certified.
 *
 * @throws ConfigError listing the missing values if sigma has no published ones.
 */
function cifar10(options: Cifar10PresetOptions): RunConfigOf<'ft-cadis'> {
  const { cifar10: published } = PUBLISHED_WEIGHTS
  const { sigma, denoiser = cachedPath(published.denoiser), data, output } = options
  const { baseLearningRate, lambda, epsilon } = openValues('cifar10', options, {
    published: CIFAR10_BY_SIGMA,
    names: ['baseLearningRate', 'lambda', 'epsilon'],
  })
  return ftCadis({
    smoothing: { sigma, denoiser: { source: 'openai', preset: 'cifar10', path: denoiser } },
    classifier: {
      source: 'transformers',
      path: options.classifier ?? published.classifier,
      inputRange: 'symmetric',
      resize: 224,
      dropPath: 0.2,
    },
    tuning: { kind: 'full' },
    data: { source: 'cifar10', path: data },
    method: { ...METHOD, noises: 4, lambda, attack: { steps: 4, epsilon, restandardize: true } },
    optimisation: {
      ...OPTIMISATION,
      epochs: 30,
      stopAfterEpoch: 20,
      warmupEpochs: 3,
      learningRate: { base: baseLearningRate },
      weightDecay: { start: 0.04, end: 0.4 },
      layerDecay: 0.65,
      clip: { per: 'tensor', norm: 0.3 },
    },
    checkpoints: { everyEpochs: 5, epochs: [1] },
    // The released code trains in half precision with a loss scale.
    autocast: 'float16',
    certification: { n0: 100, n: 100_000, alpha: 0.001, images: 'all' },
    output,
  })
}

export interface ImagenetPresetOptions extends Partial<ImagenetOpenValues> {
  /** Noise level, for pixels in [0, 1]. Others than 0.25, 0.5 and 1 need every value of {@link ImagenetOpenValues}. */
  readonly sigma: number
  /** LoRA of rank and alpha 4 (Table 10), or every weight with the same settings, the comparison in Table 16. */
  readonly tuning: 'lora' | 'full'
  /** The file 256x256_diffusion_uncond.pt of guided-diffusion. Default: the path of `ft-cadis fetch imagenet`. */
  readonly denoiser?: string
  /** Weight file of the paper's CLIP ViT-B/16 in timm's format. Default: the hub's file of that name. */
  readonly classifier?: string
  /** Folder with `train` and `val`. */
  readonly data: string
  /** Folder of the run. */
  readonly output: string
}

/**
 * Returns settings for fine-tuning a CLIP ViT-B/16 on ImageNet (Table 10): 5 of the 10 epochs of the schedule (early
 * stopping). One test image of each class is certified. The paper does not give the settings of full fine-tuning.
 *
 * @throws ConfigError listing the missing values if sigma has no published ones.
 */
function imagenet(options: ImagenetPresetOptions): RunConfigOf<'ft-cadis'> {
  const { imagenet: published } = PUBLISHED_WEIGHTS
  const { sigma, tuning, denoiser = cachedPath(published.denoiser), data, output } = options
  const { baseLearningRate, weightDecay, layerDecay, lambda } = openValues('imagenet', options, {
    published: IMAGENET_BY_SIGMA,
    names: ['baseLearningRate', 'weightDecay', 'layerDecay', 'lambda'],
  })
  return ftCadis({
    smoothing: { sigma, denoiser: { source: 'openai', preset: 'imagenet256', path: denoiser } },
    classifier: {
      source: 'timm',
      name: 'vit_base_patch16_clip_384.laion2b_ft_in12k_in1k',
      path: options.classifier,
      inputRange: 'symmetric',
      resize: 384,
      dropPath: 0,
    },
    tuning: tuning === 'lora' ? { kind: 'lora', rank: 4, alpha: 4 } : { kind: 'full' },
    data: { source: 'imagenet', path: data },
    method: { ...METHOD, noises: 2, lambda, attack: { steps: 1, epsilon: 0.25, restandardize: true } },
    optimisation: {
      ...OPTIMISATION,
      epochs: 10,
      stopAfterEpoch: 5,
      warmupEpochs: 1,
      learningRate: { base: baseLearningRate },
      weightDecay,
      layerDecay,
      normPre: 'last',
      clip: { per: 'tensor', norm: 1 },
    },
    checkpoints: { everyEpochs: 5, epochs: [1] },
    // The released code trains in half precision with a loss scale.
    autocast: 'float16',
    certification: { n0: 100, n: 10_000, alpha: 0.001, images: { onePerClass: true } },
    output,
  })
}

export interface DigitsPresetOptions {
  /** Noise level, for pixels in [0, 1]. Default 0.75, where FT-CADIS differs most clearly from cross-entropy. */
  readonly sigma?: number
  /** Folder of the denoiser in diffusers format. Default: the one of {@link DIGITS_NETWORKS}. */
  readonly denoiser?: string
  /** Folder of the small ViT in timm's format. Default: the one of {@link DIGITS_NETWORKS}. */
  readonly classifier?: string
  /** Folder of the run. */
  readonly output: string
}

/** Returns a toy-scale demonstration: a small ViT on the 8x8 digits of scikit-learn, on any laptop. */
function digits({
  sigma = 0.75,
  denoiser = DIGITS_NETWORKS.denoiser,
  classifier = DIGITS_NETWORKS.classifier,
  output,
}: DigitsPresetOptions): RunConfigOf<'ft-cadis'> {
  return ftCadis({
    smoothing: { sigma, denoiser: { source: 'diffusers', path: denoiser } },
    classifier: { source: 'timm', path: classifier },
    data: { source: 'digits' },
    method: { ...METHOD, noises: 4, lambda: 2, attack: { steps: 2, epsilon: 0.5 } },
    optimisation: {
      epochs: 12,
      warmupEpochs: 1,
      imagesPerUpdate: 64,
      learningRate: 1e-3,
      parameterGroups: 'released',
      weightDecay: { start: 0.04, end: 0.4 },
      clip: { per: 'tensor', norm: 0.3 },
    },
    certification: { n0: 100, n: 1000, alpha: 0.001, batch: 512 },
    output,
  })
}

function ftCadis(input: RunConfigInput): RunConfigOf<'ft-cadis'> {
  return requireMethod(parseConfig(input), 'ft-cadis')
}

/** Returns the values that depend on sigma: those given, else the published ones. */
function openValues<T extends object>(
  preset: string,
  options: Partial<T> & { readonly sigma: number },
  { published, names }: { published: ReadonlyMap<number, T>; names: readonly (keyof T & string)[] },
): T {
  const ofSigma = published.get(options.sigma)
  const values: Partial<T> = {}
  for (const name of names) {
    const value = options[name] ?? ofSigma?.[name]
    if (value !== undefined) values[name] = value
  }
  const missing = names.filter(name => values[name] === undefined)
  if (missing.length === 0) return values as T
  throw new ConfigError(
    `presets.${preset}: the paper has settings for sigma ${[...published.keys()].join(', ')}, got ${options.sigma}; expected values for ${missing.join(', ')}.`,
    { remedy: `Pass ${missing.join(', ')} beside sigma.` },
  )
}

/** Configurations by the name of their data. */
export const presets = {
  digits,
  cifar10,
  imagenet,
  own,
  table1,
  denoiser: { diffusion: diffusionPreset },
} as const
