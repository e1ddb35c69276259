import { ConfigError } from '../../errors'
import { given } from '../../files/given'
import { isObject } from '../../files/read-json'
import { mergeSettings } from '../merge-settings'
import type { NamedPreset, PresetValues } from '../preset/values'
import { parseUnknownConfig, type RunConfig } from '../schema'
import type { Table1Entries, Table1Scale } from './entry'
import { TABLE1_ENTRIES, type Table1Preset } from './summaries'

export { TABLE1_SCALES, type Table1Scale } from './entry'
export { TABLE1_PRESETS, type Table1Preset } from './summaries'

interface Scale extends Pick<NamedPreset, 'radii' | 'images'> {
  readonly classifier: Readonly<Record<string, unknown>>
  /** Images certified in the publications: all, or every hundredth on ImageNet. */
  readonly certified: RunConfig['certification']['images']
}

const SCALES: Readonly<Record<Table1Scale, Scale>> = {
  mnist: {
    classifier: { source: 'lenet', inputRange: { mean: [0], std: [1] } },
    radii: [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5],
    images: { imageSize: 28, channels: 1, classes: 10, trainImages: 60_000, testImages: 10_000 },
    certified: 'all',
  },
  cifar10: {
    classifier: {
      source: 'resnet110',
      inputRange: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
    },
    radii: [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5],
    images: { imageSize: 32, classes: 10, trainImages: 50_000, testImages: 10_000 },
    certified: 'all',
  },
  imagenet: {
    classifier: {
      source: 'timm',
      name: 'resnet50',
      pretrained: false,
      // As in torchvision's, which the publications train.
      modelArgs: { zero_init_last: false },
      inputRange: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    },
    radii: [0, 0.5, 1, 1.5, 2, 2.5, 3],
    images: { imageSize: 224, classes: 1000, trainImages: 1_281_167, testImages: 50_000 },
    certified: { every: 100 },
  },
}

/**
 * Returns the preset of a Table 1 method at a scale: trained from scratch, with the settings of its released code.
 *
 * @throws ConfigError if the scale is missing, or the method has no published settings for it
 */
export function table1Preset(
  { name, summary, scales }: Table1Preset,
  scale: Table1Scale | undefined,
): NamedPreset {
  if (scale === undefined || !scales.includes(scale)) {
    throw new ConfigError(
      `The preset ${name} has settings for the scale${scales.length > 1 ? 's' : ''} ${scales.join(', ')}, got ${scale ?? 'none'}.`,
      { remedy: 'Give one of these; on the command line by --scale.' },
    )
  }
  const { radii, images } = SCALES[scale]
  const entry = TABLE1_ENTRIES[scale][name.replace('table1.', '')]
  if (entry === undefined) throw new RangeError(`No ${name} at the scale ${scale}.`)
  return {
    ...{ name, summary, radii, images },
    sigma: 0.5,
    needs: ['data'],
    takes: [],
    config: values => configOf(`${name} (${scale})`, { ...entry(values.sigma), scale, values }),
  }
}

/** Returns the fields of a method's settings that were not released for a noise level, and are required. */
export function unreleasedFields(
  { name }: Pick<Table1Preset, 'name'>,
  { scale, sigma }: { readonly scale: Table1Scale; readonly sigma: number },
): string[] {
  const entry = TABLE1_ENTRIES[scale][name.replace('table1.', '')]
  return entry === undefined ? [] : missingFields(entry(sigma))
}

function configOf(
  name: string,
  {
    scale,
    values,
    ...entry
  }: ReturnType<Table1Entries[string]> & {
    readonly scale: Table1Scale
    readonly values: PresetValues
  },
): RunConfig {
  const { sigma, data, classifier: path, output, above } = values
  const { classifier, certified } = SCALES[scale]
  const settings = mergeSettings(
    {
      smoothing: {
        ...{ sigma, denoiser: entry.denoiser ?? { source: 'none' } },
        ...given({ noiseAfter: entry.noiseAfter }),
      },
      classifier: { ...classifier, ...entry.classifier, ...given({ path }) },
      data: { source: scale, path: data },
      method: entry.method,
      optimisation: entry.optimisation,
      certification: { n0: 100, n: 100_000, alpha: 0.001, images: certified, ...entry.certification },
      output,
    },
    above,
  )
  const missing = missingFields(settings)
  // Not if other settings have data of another source.
  if (missing.includes('data.path')) {
    throw new ConfigError(`The preset ${name} is missing data.`, {
      remedy: 'Give it; on the command line by --data.',
    })
  }
  const { asks = {} } = entry
  const unreleased = missing.filter(field => asks[field] === undefined)
  if (unreleased.length > 0) {
    throw new ConfigError(`The preset ${name} at sigma ${sigma}: not released: give ${listed(unreleased)}.`, {
      remedy: `On the command line by --set ${unreleased[0]}=…`,
    })
  }
  if (missing.length > 0) {
    throw new ConfigError(`The preset ${name} is missing ${listed(missing)}.`, {
      remedy: `${missing.map(field => asks[field]).join('. ')}.`,
    })
  }
  return parseUnknownConfig(settings)
}

/** Returns the paths of undefined fields. */
function missingFields(settings: unknown, path: readonly string[] = []): string[] {
  if (settings === undefined) return [path.join('.')]
  if (!isObject(settings)) return []
  return Object.entries(settings).flatMap(([name, value]) => missingFields(value, [...path, name]))
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${last}` : last
}
