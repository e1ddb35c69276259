import { basename, dirname, join, resolve } from 'node:path'
import { presets } from '../config/presets'
import {
  type CertificationConfig,
  type CertificationRunConfig,
  type CertificationRunConfigInput,
  certificationOf,
  parseCertificationConfig,
  type SmoothingConfig,
} from '../config/schema'
import { ConfigError } from '../errors'
import { given } from '../files/given'
import { readJson } from '../files/read-json'
import { findCheckpoint } from '../runs/find-checkpoint'
import { readSmoothed } from '../smoothing/smoothed-file'
import type { KnownSmoothed } from '../smoothing/smoothed-input'
import type { SmoothedOptions } from './certification-options'

/**
 * The smoothed classifier that a command line names, with what its options say otherwise.
 *
 * @param folder - of a run (its newest checkpoint is taken), of a checkpoint, or with `smoothed.json`
 * @param others - further settings of the certification
 * @throws ConfigError if not exactly one source is named, or the settings are not acceptable; CheckpointError
 */
export async function smoothedSource(
  folder: string | undefined,
  options: SmoothedOptions,
  others: { readonly [K in 'images' | 'adaptive']?: CertificationConfig[K] | undefined } = {},
): Promise<KnownSmoothed> {
  const { config, ...known } = await namedSource(folder, options)
  const { n0, n, alpha, batch, seed, dtype, autocast, tf32, channelsLast, compile } = options
  const { radiusSigma, familyWise, device, threads } = options
  return {
    ...known,
    config: parseCertificationConfig({
      ...config,
      ...given({ device, threads }),
      smoothing: {
        ...{ ...config.smoothing, ...given({ sigma: options.sigma }) },
        denoiser: otherDenoiser(config.smoothing, options),
      },
      classifier: { ...config.classifier, ...given({ path: options.classifier }) },
      data: otherData(config, options),
      certification: {
        ...config.certification,
        ...given({ n0, n, alpha, batch, seed, dtype, autocast, tf32, channelsLast, compile }),
        ...given({ radiusSigma, familyWise, ...others }),
      },
    }),
  }
}

async function namedSource(folder: string | undefined, options: SmoothedOptions): Promise<KnownSmoothed> {
  const { config, preset } = options
  const named = [folder, config, preset].filter(source => source !== undefined)
  if (named.length !== 1) {
    throw new ConfigError(
      `Specify exactly one of a folder, --config or --preset; got ${named.length === 0 ? 'none' : named.length}.`,
      { remedy: 'Name the folder of a run or of a checkpoint, or one of the two options.' },
    )
  }
  if (folder !== undefined) return fromFolder(folder)
  return { config: config === undefined ? fromPreset(options) : await fromFile(config) }
}

async function fromFolder(folder: string): Promise<KnownSmoothed> {
  const here = await readSmoothed(folder)
  if (here !== undefined) return withOutput(here, runOf(resolve(folder)))
  const run = await findCheckpoint(folder)
  const found = (await readSmoothed(run.checkpoint)) ?? {
    config: certificationOf(run.config, run.checkpoint),
  }
  return withOutput(found, runOf(run.checkpoint))
}

/** The folder of the run that a checkpoint belongs to, else the folder itself. */
function runOf(folder: string): string {
  const parent = dirname(folder)
  return basename(parent) === 'checkpoints' ? dirname(parent) : folder
}

function withOutput(source: KnownSmoothed, output: string): KnownSmoothed {
  return { ...source, config: { ...source.config, output } }
}

async function fromFile(path: string): Promise<CertificationRunConfig> {
  const refuse = (reason: string, cause?: unknown) =>
    new ConfigError(`The file of settings ${path} ${reason}.`, { remedy: 'Give a JSON file.', cause })
  const settings = await readJson(path, { refuse })
  if (settings === undefined) throw refuse('is missing')
  return parseCertificationConfig(settings)
}

/** The off-the-shelf networks of a preset. */
function fromPreset(options: SmoothedOptions): CertificationRunConfig {
  const { preset, denoiser, classifier, data } = options
  const output = join('runs', `certify-${preset}`)
  if (preset === 'digits') return certificationOf(presets.digits({ output }))
  const missing = Object.entries({ data, denoiser }).flatMap(([name, path]) =>
    path === undefined ? [`--${name}`] : [],
  )
  if (data === undefined || denoiser === undefined) {
    throw new ConfigError(`The preset ${preset} needs ${missing.join(' and ')}.`, {
      remedy: 'Give the folder of the data and the published weights of the denoiser.',
    })
  }
  // What the noise level decides beyond itself is about training.
  const paths = { sigma: 0.5, denoiser, data, output, ...given({ classifier }) }
  return certificationOf(
    preset === 'cifar10' ? presets.cifar10(paths) : presets.imagenet({ ...paths, tuning: 'full' }),
  )
}

function otherDenoiser(
  { denoiser }: SmoothingConfig,
  { denoiser: path, dtype }: SmoothedOptions,
): CertificationRunConfigInput['smoothing']['denoiser'] {
  if (path === 'none') return { source: 'none' }
  if (denoiser.source !== 'none') return { ...denoiser, ...given({ path, dtype }) }
  if (path === undefined) return denoiser
  throw new ConfigError(`The settings have no denoiser, so there is none to replace by ${path}.`, {
    remedy: 'Describe the denoiser in the settings.',
  })
}

function otherData(
  { data }: CertificationRunConfig,
  { data: path }: SmoothedOptions,
): CertificationRunConfigInput['data'] {
  if (path === undefined) return data
  if ('path' in data) return { ...data, path }
  throw new ConfigError(`Data of the source ${data.source} are in no folder, got --data ${path}.`, {
    remedy: 'Leave --data out, or describe the data in settings.',
  })
}
