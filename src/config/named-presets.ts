import { ConfigError } from '../errors'
import { given } from '../files/given'
import { didYouMean } from '../files/nearest-name'
import type { FtCadisSettings } from './methods/ft-cadis'
import { presets } from './presets'
import type { RunConfig } from './schema'

/** What a preset may be given. Each takes some of it. */
export interface PresetValues {
  /** Noise level, for pixels in [0, 1]. */
  readonly sigma: number
  /** Folder of the data. */
  readonly data?: string | undefined
  /** Weights of the denoiser. */
  readonly denoiser?: string | undefined
  /** Weights of the classifier. Default: the preset's. */
  readonly classifier?: string | undefined
  readonly baseLearningRate?: number | undefined
  readonly lambda?: number | undefined
  readonly epsilon?: FtCadisSettings['attack']['epsilon'] | undefined
  readonly weightDecay?: { readonly start: number; readonly end: number } | undefined
  readonly layerDecay?: number | undefined
  /** Folder of the run. */
  readonly output: string
}

/** Values that σ decides where the paper has settings for it. */
export type OpenValue = 'baseLearningRate' | 'lambda' | 'epsilon' | 'weightDecay' | 'layerDecay'

/** A preset by its name, with what a program has to know of it. */
export interface NamedPreset {
  readonly name: string
  readonly summary: string
  /** The noise level where none is given. */
  readonly sigma: number
  /** What has no default. */
  readonly needs: readonly ('data' | 'denoiser')[]
  /** The values that a σ without published settings needs. */
  readonly takes: readonly OpenValue[]
  /** Radii of the table of certified accuracy, for pixels in [0, 1]. */
  readonly radii: readonly number[]
  /** Sizes and numbers of the real images, for generated ones. */
  readonly images: {
    readonly imageSize: number
    readonly classes: number
    readonly trainImages: number
    readonly testImages: number
  }
  /** @throws ConfigError that lists the values which a σ without published settings lacks */
  config(values: PresetValues): RunConfig
}

const IMAGENET = {
  sigma: 0.5,
  needs: ['data', 'denoiser'],
  takes: ['baseLearningRate', 'weightDecay', 'layerDecay', 'lambda'],
  radii: [0, 0.5, 1, 1.5, 2, 2.5, 3],
  images: { imageSize: 224, classes: 1000, trainImages: 1_281_167, testImages: 50_000 },
} as const

/** The presets, in the order of their size. */
export const NAMED_PRESETS: readonly NamedPreset[] = [
  {
    name: 'digits',
    summary: 'a small ViT on the 8×8 digits of scikit-learn, on any laptop',
    sigma: 0.75,
    needs: [],
    takes: [],
    radii: [0, 0.25, 0.5, 0.75],
    images: { imageSize: 8, classes: 10, trainImages: 1200, testImages: 597 },
    config: ({ sigma, denoiser, classifier, output }) =>
      presets.digits({ sigma, output, ...given({ denoiser, classifier }) }),
  },
  {
    name: 'cifar10',
    summary: 'CIFAR-10: every weight of a ViT-B/16 (Table 9)',
    sigma: 0.5,
    needs: ['data', 'denoiser'],
    takes: ['baseLearningRate', 'lambda', 'epsilon'],
    radii: [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5],
    images: { imageSize: 32, classes: 10, trainImages: 50_000, testImages: 10_000 },
    config: ({ sigma, classifier, baseLearningRate, lambda, epsilon, output, ...paths }) =>
      presets.cifar10({
        ...{ sigma, output, ...needed('cifar10', paths) },
        ...given({ classifier, baseLearningRate, lambda, epsilon }),
      }),
  },
  {
    ...IMAGENET,
    name: 'imagenet.lora',
    summary: 'ImageNet: LoRA on a CLIP ViT-B/16 (Table 10)',
    config: values => imagenet('lora', values),
  },
  {
    ...IMAGENET,
    name: 'imagenet.full',
    summary: 'ImageNet: every weight of the same network (Table 16)',
    config: values => imagenet('full', values),
  },
]

function imagenet(tuning: 'lora' | 'full', values: PresetValues): RunConfig {
  const { sigma, classifier, baseLearningRate, weightDecay, layerDecay, lambda, output, ...paths } = values
  return presets.imagenet({
    ...{ sigma, tuning, output, ...needed(`imagenet.${tuning}`, paths) },
    ...given({ classifier, baseLearningRate, weightDecay, layerDecay, lambda }),
  })
}

/** Names of earlier versions, and what they stand for. */
const ALIASES: Readonly<Record<string, string>> = { imagenet: 'imagenet.lora' }

/** Every name that a preset has, aliases last. */
export const PRESET_NAMES: readonly string[] = [
  ...NAMED_PRESETS.map(({ name }) => name),
  ...Object.keys(ALIASES),
]

/**
 * The preset of a name.
 *
 * @throws ConfigError for a name that none has
 */
export function namedPreset(name: string): NamedPreset {
  const meant = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name
  const preset = NAMED_PRESETS.find(each => each.name === meant)
  if (preset !== undefined) return preset
  throw new ConfigError(
    `There is no preset ${name}, expected one of ${PRESET_NAMES.join(', ')}.${didYouMean(name, PRESET_NAMES)}`,
    { remedy: 'Choose one of these.' },
  )
}

function needed(
  name: string,
  { data, denoiser }: Pick<PresetValues, 'data' | 'denoiser'>,
): { readonly data: string; readonly denoiser: string } {
  if (data !== undefined && denoiser !== undefined) return { data, denoiser }
  const missing = Object.entries({ data, denoiser }).flatMap(([input, path]) =>
    path === undefined ? [input] : [],
  )
  throw new ConfigError(`The preset ${name} is missing ${missing.join(' and ')}.`, {
    remedy: `Give ${missing.length === 1 ? 'it' : 'them'}; on the command line by ${missing.map(input => `--${input}`).join(' and ')}.`,
  })
}
