import { ConfigError } from '../errors'
import { given } from '../files/given'
import { didYouMean } from '../files/nearest-name'
import { PRESET_ALIASES, PRESET_SUMMARIES, TRAINING_PRESET_NAMES } from './preset/summaries'
import type { NamedPreset, PresetValues } from './preset/values'
import { presets } from './presets'
import type { RunConfig } from './schema'
import { TABLE1_PRESETS, type Table1Scale, table1Preset } from './table1'

export { PRESET_NAMES, TRAINING_PRESET_NAMES } from './preset/summaries'
export type { NamedPreset, OpenValue, PresetValues } from './preset/values'

const IMAGENET = {
  sigma: 0.5,
  needs: ['data'],
  radii: [0, 0.5, 1, 1.5, 2, 2.5, 3],
  images: { imageSize: 224, classes: 1000, trainImages: 1_281_167, testImages: 50_000 },
} as const

/** The presets, ordered by size. */
export const NAMED_PRESETS: readonly NamedPreset[] = [
  {
    ...PRESET_SUMMARIES.digits,
    sigma: 0.75,
    needs: [],
    radii: [0, 0.25, 0.5, 0.75],
    images: { imageSize: 8, classes: 10, trainImages: 1200, testImages: 597 },
    config: ({ sigma, denoiser, classifier, output }) =>
      presets.digits({ sigma, output, ...given({ denoiser, classifier }) }),
  },
  {
    ...PRESET_SUMMARIES.cifar10,
    sigma: 0.5,
    needs: ['data'],
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
    ...PRESET_SUMMARIES['imagenet.lora'],
    config: values => imagenet('lora', values),
  },
  {
    ...IMAGENET,
    ...PRESET_SUMMARIES['imagenet.full'],
    config: values => imagenet('full', values),
  },
  {
    ...PRESET_SUMMARIES['denoiser.diffusion'],
    sigma: 0.25,
    needs: ['data'],
    radii: [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5],
    images: { imageSize: 64, classes: 3, trainImages: 2400, testImages: 600 },
    config: ({ sigma, imageSize, denoiser, classifier, output, ...paths }) =>
      presets.denoiser.diffusion({
        ...{ sigma, output, denoiser, classifier, ...needed('denoiser.diffusion', paths) },
        ...given({ imageSize }),
      }),
  },
]

function imagenet(tuning: 'lora' | 'full', values: PresetValues): RunConfig {
  const { sigma, classifier, baseLearningRate, weightDecay, layerDecay, lambda, output, ...paths } = values
  return presets.imagenet({
    ...{ sigma, tuning, output, ...needed(`imagenet.${tuning}`, paths) },
    ...given({ classifier, baseLearningRate, weightDecay, layerDecay, lambda }),
  })
}

/**
 * Returns the preset of a name.
 *
 * @param scale - for the presets `table1.<method>`, which have settings for several data sets
 * @throws ConfigError for an unknown name, a scale without settings, and a scale for a preset that has none
 */
export function namedPreset(name: string, scale?: Table1Scale): NamedPreset {
  const ofTable1 = TABLE1_PRESETS.find(each => each.name === name)
  if (ofTable1 !== undefined) return table1Preset(ofTable1, scale)
  const meant = Object.hasOwn(PRESET_ALIASES, name) ? PRESET_ALIASES[name] : name
  const preset = NAMED_PRESETS.find(each => each.name === meant)
  if (preset === undefined) {
    throw new ConfigError(
      `Unknown preset ${name}, expected one of ${TRAINING_PRESET_NAMES.join(', ')}.${didYouMean(name, TRAINING_PRESET_NAMES)}`,
      { remedy: 'Choose one of these.' },
    )
  }
  if (scale === undefined) return preset
  throw new ConfigError(`The preset ${name} has one scale, got ${scale}.`, {
    remedy: 'Leave the scale out: it is for the presets table1.<method>.',
  })
}

/** Returns the folder of images, which has no default, and the denoiser if given. */
function needed(
  name: string,
  { data, denoiser }: Pick<PresetValues, 'data' | 'denoiser'>,
): { readonly data: string; readonly denoiser?: string } {
  if (data !== undefined) return { data, ...given({ denoiser }) }
  throw new ConfigError(`The preset ${name} is missing data.`, {
    remedy: 'Give it; on the command line by --data.',
  })
}
