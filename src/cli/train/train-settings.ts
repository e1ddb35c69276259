import { join } from 'node:path'
import { imageSizeField } from '../../config/fields'
import { fieldAt, mergeSettings } from '../../config/merge-settings'
import { type NamedPreset, namedPreset } from '../../config/named-presets'
import { precisionOfRun } from '../../config/precision'
import { parseUnknownConfig, type RunConfig } from '../../config/schema'
import type { ImageSize } from '../../config/sources/image-size'
import { ConfigError } from '../../errors'
import { given } from '../../files/given'
import { isObject } from '../../files/read-json'
import { withDenoiserOfRun } from '../../runs/denoiser-of-run'
import { precisionOn } from '../precision'
import { readSettings } from '../read-settings'
import type { TrainOptions } from './options'

/** A training requested on the command line. */
export interface TrainSettings {
  readonly config: RunConfig
  /** Its preset, if any. */
  readonly preset: NamedPreset | undefined
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Returns the configuration of a training. `--config` overrides the preset, `--set` overrides both, and the other options
 * override all.
 *
 * @throws ConfigError listing every missing or invalid option and field
 */
export async function trainSettings(options: TrainOptions): Promise<TrainSettings> {
  const { preset: name, config: file, tuning, scale } = options
  if (name === undefined && file === undefined) {
    throw new ConfigError('Neither a preset nor a file of settings is given.', {
      remedy: 'Give --preset, such as digits, or --config with a JSON file; --help lists the presets.',
    })
  }
  const preset = name === undefined ? undefined : namedPreset(withTuning(name, tuning), scale)
  const inFile: Fields = file === undefined ? {} : ((await readSettings(file)) as Fields)
  const set = (options.set ?? [])
    .map(({ path, value }) => fieldAt(path, value))
    .reduce<Fields>((below, above) => mergeSettings(below, above) as Fields, {})
  const fields = mergeSettings(inFile, set) as Fields
  if (preset === undefined) {
    refuseScale(scale)
    refuseOpenValues(options)
    const layered = mergeSettings(
      await withPrecision(inFile, { options, laid: withOptions(fields, options) }),
      set,
    ) as Fields
    return { config: await parsed(withOptions(layered, options)), preset }
  }
  refuseSigma(fields)
  const { sigma = preset.sigma } = options
  const output =
    options.output ??
    textAt(fields, 'output') ??
    join('runs', [preset.name, scale, sigma].filter(part => part !== undefined).join('-'))
  const placeholder = options.synthetic ? 'synthetic' : undefined
  const paths = {
    data: options.data ?? textAt(fields, 'data.path') ?? placeholder,
    denoiser: options.denoiser ?? denoiserOf(fields) ?? placeholder,
    classifier: options.classifier,
    imageSize: options.imageSize ?? sizeAt(fields, 'data.imageSize'),
  }
  refuseOpenValues(options, preset)
  const { baseLearningRate, lambda, epsilon, weightDecay, layerDecay } = options
  // The preset already includes σ; the remaining overrides use the same names.
  const { sigma: _, ...others } = options
  const base = preset.config({
    ...{ sigma, output, ...paths },
    ...{ baseLearningRate, lambda, epsilon, weightDecay, layerDecay },
    above: withOptions(fields, others),
  })
  const settings = await withPrecision(mergeSettings(base, inFile) as Fields, {
    ...{ options, released: base.autocast },
    laid: withOptions(mergeSettings(base, fields) as Fields, others),
  })
  return { config: await parsed(withOptions(mergeSettings(settings, set) as Fields, others)), preset }
}

/** Parses fields into a configuration; the denoiser may be one that a run trained. */
async function parsed(fields: Fields): Promise<RunConfig> {
  const { smoothing } = fields
  if (!isObject(smoothing)) return parseUnknownConfig(fields)
  const denoiser = await withDenoiserOfRun(smoothing.denoiser)
  return parseUnknownConfig({ ...fields, smoothing: { ...smoothing, denoiser } })
}

/** Adds the arithmetic of `--precision` to the settings; `--set` and the other options override it. */
async function withPrecision(
  settings: Fields,
  {
    options: { precision, device = textAt(settings, 'device'), python },
    laid,
    released,
  }: {
    readonly options: TrainOptions
    /** The settings with everything that overrides the precision. */
    readonly laid: Fields
    readonly released?: RunConfig['autocast']
  },
): Promise<Fields> {
  if (precision === undefined) return settings
  const inForce = await precisionOn(precision, { device, python })
  return mergeSettings(settings, precisionOfRun(inForce, laid, released)) as Fields
}

/** Resolves `imagenet`, which means two presets, by the tuning. */
function withTuning(name: string, tuning: TrainOptions['tuning']): string {
  if (name === 'imagenet' && tuning !== undefined) return `imagenet.${tuning}`
  const fixed = /\.(lora|full)$/.exec(name)?.[1]
  if (tuning === undefined || fixed === undefined || fixed === tuning) return name
  throw new ConfigError(`The preset ${name} trains by ${fixed}, got --tuning ${tuning}.`, {
    remedy: `Give --preset ${name.replace(fixed, tuning)}, or leave --tuning out.`,
  })
}

function refuseScale(scale: TrainOptions['scale']): void {
  if (scale === undefined) return
  throw new ConfigError(`--scale ${scale} is a choice of a preset, and none is given.`, {
    remedy: 'Give --preset table1.<method>, or leave --scale out.',
  })
}

const OPEN_FIELDS = {
  baseLearningRate: { option: '--base-learning-rate', field: 'optimisation.learningRate' },
  lambda: { option: '--lambda', field: 'method.lambda' },
  epsilon: { option: '--epsilon', field: 'method.attack.epsilon' },
  weightDecay: { option: '--weight-decay', field: 'optimisation.weightDecay' },
  layerDecay: { option: '--layer-decay', field: 'optimisation.layerDecay' },
} as const

/** Refuses options of presets without a preset, or for one that does not use them. */
function refuseOpenValues(options: TrainOptions, preset?: NamedPreset): void {
  for (const [name, { option, field }] of Object.entries(OPEN_FIELDS)) {
    const key = name as keyof typeof OPEN_FIELDS
    if (options[key] === undefined || preset?.takes.includes(key)) continue
    throw new ConfigError(
      preset === undefined
        ? `${option} is a value of a preset, and none is given.`
        : `The preset ${preset.name} does not take ${option}.`,
      { remedy: `Give --set ${field}=… instead.` },
    )
  }
}

/** Refuses σ in other settings: a preset derives further values from σ, which would not change. */
function refuseSigma(fields: Fields): void {
  if (valueAt(fields, 'smoothing.sigma') === undefined) return
  throw new ConfigError('smoothing.sigma is given beside a preset, whose other values depend on σ.', {
    remedy: 'Give --sigma instead of the field smoothing.sigma.',
  })
}

/** Merges the options over the fields, for the schema to check. */
function withOptions(fields: Fields, options: TrainOptions): Fields {
  const { data, denoiser, classifier, tuning, sigma, output, mask, workers, imageSize, imagesPerUpdate } =
    options
  const { device, seed, tf32, compile, activationCheckpointing, threads, autocast } = options
  const { certifyImages: images, n0, n, dtype, denoiserArguments, denoiserSha256, noiseAfter } = options
  const above = {
    ...given({ device, seed, tf32, compile, activationCheckpointing, threads, autocast, output }),
    smoothing: {
      ...given({ sigma, noiseAfter }),
      ...(denoiser === 'none'
        ? { denoiser: { source: 'none' } }
        : {
            denoiser: given({ path: denoiser, dtype, arguments: denoiserArguments, sha256: denoiserSha256 }),
          }),
    },
    classifier: given({ path: classifier }),
    data: given({ path: data, workers, imageSize, resizeSize: imageSize }),
    ...given({ tuning: tuning && { kind: tuning } }),
    method: given({ adversarial: mask }),
    optimisation: given({ imagesPerUpdate, imagesPerMicroBatch: microBatchOf(fields, options) }),
    certification: given({ images, n0, n }),
  }
  const filled = Object.entries(above).filter(([, value]) => !isEmpty(value))
  return mergeSettings(fields, Object.fromEntries(filled)) as Fields
}

/** Returns a micro-batch that fits into an update made smaller by an option. */
function microBatchOf(
  fields: Fields,
  { imagesPerUpdate, imagesPerMicroBatch }: TrainOptions,
): number | undefined {
  if (imagesPerMicroBatch !== undefined || imagesPerUpdate === undefined) return imagesPerMicroBatch
  const configured = valueAt(fields, 'optimisation.imagesPerMicroBatch')
  return typeof configured === 'number' ? Math.min(configured, imagesPerUpdate) : undefined
}

function isEmpty(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isEmpty)
}

function denoiserOf(fields: Fields): string | undefined {
  return valueAt(fields, 'smoothing.denoiser.source') === 'none'
    ? 'none'
    : textAt(fields, 'smoothing.denoiser.path')
}

function textAt(fields: Fields, path: string): string | undefined {
  const value = valueAt(fields, path)
  return typeof value === 'string' ? value : undefined
}

/** Returns an image size; undefined if invalid, which the schema reports. */
function sizeAt(fields: Fields, path: string): ImageSize | undefined {
  return imageSizeField.safeParse(valueAt(fields, path)).data
}

function valueAt(fields: Fields, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), fields)
}
