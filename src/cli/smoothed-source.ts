import { dirname, join } from 'node:path'
import { namedPreset } from '../config/named-presets'
import { ARITHMETIC } from '../config/precision'
import {
  type CertificationConfigInput,
  type CertificationRunConfig,
  type CertificationRunConfigInput,
  type ClassifierConfig,
  certificationOf,
  parseCertificationConfig,
  parseStoredConfig,
  type SmoothingConfig,
} from '../config/schema'
import { ConfigError } from '../errors'
import { given } from '../files/given'
import { readJson } from '../files/read-json'
import { checkpointNameIn } from '../runs/checkpoint-name'
import { denoiserOfRun, withDenoiserOfRun } from '../runs/denoiser-of-run'
import { type AcesRole, networkOfRun } from '../runs/network-of-run'
import { smoothedOfFolder } from '../runs/smoothed-of-folder'
import type { RunData } from '../smoothing/data-identity'
import type { KnownSmoothed } from '../smoothing/smoothed-input'
import type { SmoothedOptions } from './certification-options'
import { precisionOn } from './precision'
import { readSettings } from './read-settings'

interface SourceOptions extends SmoothedOptions {
  readonly output?: string
  /** The option that names the folder. Default: an argument names it. */
  readonly folderOption?: `--${string}`
}

/**
 * Returns the smoothed classifier named on the command line, with overrides from its options.
 *
 * @param folder - a run (its newest checkpoint), a checkpoint, or a folder with `smoothed.json`
 * @param others - further settings of the certification, and the networks of a router
 * @throws ConfigError if not exactly one source is named, or the settings are invalid; CheckpointError
 */
export async function smoothedSource(
  folder: string | undefined,
  options: SourceOptions & { readonly selector?: string; readonly core?: string },
  {
    router,
    ...others
  }: Partial<Pick<CertificationConfigInput, 'images' | 'adaptive' | 'procedure'>> &
    Pick<CertificationRunConfigInput, 'router'> = {},
): Promise<KnownSmoothed> {
  const { config, ...known } = await namedSource(folder, options)
  const [classifier] = options.classifier ?? []
  const { n0, n, alpha, batch, seed, dtype, autocast, tf32, channelsLast, compile } = options
  const { radiusSigma, familyWise, purify, device, threads, python } = options
  const noise = options.sound ? 'discrete-gaussian' : options.noise
  const confidence = options.randomised ? ('randomised' as const) : undefined
  const precision =
    options.precision && (await precisionOn(options.precision, { device: device ?? config.device, python }))
  const arithmetic = precision && ARITHMETIC[precision]
  const smoothing = {
    ...{ ...config.smoothing, ...given({ sigma: options.sigma ?? firstOf(others.procedure) }) },
    denoiser: await otherDenoiser(config.smoothing, {
      ...options,
      ...given({ dtype: dtype ?? arithmetic?.denoiser }),
    }),
  }
  const data = await otherData(config, options)
  const aces = await acesOf({ ...config, smoothing, data }, { ...options, images: known.data })
  return {
    ...known,
    config: parseCertificationConfig({
      ...config,
      ...given({ device, threads }),
      smoothing,
      classifier: { ...config.classifier, ...given({ path: classifier }) },
      ...given({ ensemble: ensembleOf(config, folder, options), aces, router }),
      data,
      certification: {
        ...config.certification,
        ...arithmetic?.certification,
        ...given({ n0, n, alpha, batch, seed, dtype, autocast, tf32, channelsLast, compile }),
        ...given({ radiusSigma, familyWise, noise, purify, confidence, ...others }),
      },
    }),
  }
}

/**
 * Returns the name of the checkpoint chosen by `--checkpoint`, for log names; undefined without it. The folders of
 * members trained together, or of a denoiser, are inside the checkpoint folder.
 */
export function chosenCheckpoint(
  { checkpoint, smoothing: { denoiser } }: Pick<CertificationRunConfig, 'checkpoint' | 'smoothing'>,
  { checkpoint: asked }: { readonly checkpoint?: string | undefined },
): string | undefined {
  if (asked === undefined) return undefined
  const folder = checkpoint ?? ('path' in denoiser ? denoiser.path : undefined)
  return folder === undefined ? undefined : checkpointNameIn(folder)
}

async function namedSource(folder: string | undefined, options: SourceOptions): Promise<KnownSmoothed> {
  const { config, preset, folderOption } = options
  const named = [folder, config, preset].filter(source => source !== undefined)
  if (named.length !== 1) {
    throw new ConfigError(
      `Specify exactly one of ${folderOption ?? 'a folder'}, --config or --preset; got ${named.length === 0 ? 'none' : named.length}.`,
      {
        remedy: `Name the folder of a run or of a checkpoint${folderOption === undefined ? '' : ` by ${folderOption}`}, or one of the two options.`,
      },
    )
  }
  if (folder !== undefined) return smoothedOfFolder(folder, options)
  if (options.checkpoint !== undefined) {
    throw new ConfigError(`--checkpoint ${options.checkpoint} chooses among the checkpoints of a run.`, {
      remedy: 'Give the folder of a run, or leave --checkpoint out.',
    })
  }
  return { config: config === undefined ? fromPreset(options) : await fromFile(config, options) }
}

/**
 * Reads settings from a file: of a certification, or of a run, for its off-the-shelf classifier. They need no `output` if
 * a log is named or nothing is written.
 */
async function fromFile(
  path: string,
  { output: log }: { readonly output?: string },
): Promise<CertificationRunConfig> {
  const settings = await readSettings(path)
  const isNeeded = log === undefined || settings.output !== undefined
  const complete = isNeeded ? settings : { output: dirname(log), ...settings }
  // Earlier forms of certifications also have a method.
  return 'optimisation' in complete
    ? certificationOf(parseStoredConfig(complete))
    : parseCertificationConfig(complete)
}

/** Returns the off-the-shelf networks of a preset. Other values that depend on the noise level affect only training. */
function fromPreset({
  preset: name = '',
  denoiser,
  classifier: [classifier] = [],
  data,
}: SmoothedOptions): CertificationRunConfig {
  const preset = namedPreset(name)
  const output = join('runs', `certify-${name}`)
  return certificationOf(preset.config({ sigma: preset.sigma, data, denoiser, classifier, output }))
}

/** Returns the ensemble of the settings, or of the classifiers on the command line. */
function ensembleOf(
  { ensemble }: CertificationRunConfig,
  folder: string | undefined,
  { classifier = [], ensemble: by, consensus }: SmoothedOptions,
): CertificationRunConfigInput['ensemble'] {
  const named = classifier.slice(1).map(path => ({ path }))
  if (named.length > 0 && folder !== undefined) {
    throw new ConfigError(
      `The folder ${folder} says which classifier is certified, got --classifier ${classifier.length} times.`,
      {
        remedy: 'Give the members as runs in members/0, members/1, …, or --config or --preset in its place.',
      },
    )
  }
  const others = named.length > 0 ? named : ensemble?.others
  if (others !== undefined) return { ...ensemble, others, ...given({ by, consensus }) }
  if (by === undefined && consensus === undefined) return undefined
  throw new ConfigError(
    `There is one classifier, got ${by === undefined ? `--consensus ${consensus}` : `--ensemble ${by}`}, which is about several.`,
    { remedy: 'Give --classifier once for each member, or leave it out.' },
  )
}

/** Returns the first noise level of a cascade. */
function firstOf(procedure: CertificationConfigInput['procedure']): number | undefined {
  return procedure?.kind === 'cascade' ? procedure.sigmas[0] : undefined
}

/**
 * Returns the networks of ACES: from the settings; from runs on the command line, which determine how to load them; or
 * from weights, which load like the classifier's.
 */
async function acesOf(
  { classifier, aces, ...certified }: CertificationRunConfigInput,
  {
    selector,
    core,
    images,
  }: {
    readonly selector?: string
    readonly core?: string
    readonly images?: RunData | undefined
  },
): Promise<CertificationRunConfigInput['aces']> {
  if (selector === undefined && core === undefined) return aces
  // Specific to the weights of the classifier: a head of other classes, adapters.
  const { numClasses: _classes, adapter: _adapter, ...settings } = classifier
  const network = async (role: AcesRole, path: string | undefined) => {
    if (path === undefined) return undefined
    const ofRun = await networkOfRun(path, {
      ...{ role, images, certified: certified as CertificationRunConfig },
    })
    return ofRun ?? { classifier: { ...settings, path } as ClassifierConfig }
  }
  return {
    ...aces,
    ...given({ selector: await network('selector', selector), core: await network('core', core) }),
  }
}

async function otherDenoiser(
  { denoiser }: SmoothingConfig,
  { denoiser: path, dtype }: SmoothedOptions,
): Promise<CertificationRunConfigInput['smoothing']['denoiser']> {
  if (path === 'none') return { source: 'none' }
  const ofRun = path === undefined ? undefined : await denoiserOfRun(path)
  if (ofRun !== undefined) return { ...ofRun, ...given({ dtype }) }
  if (denoiser.source !== 'none') return withDenoiserOfRun({ ...denoiser, ...given({ path, dtype }) })
  if (path === undefined) return denoiser
  throw new ConfigError(`The settings have no denoiser, so there is none to replace by ${path}.`, {
    remedy: 'Describe the denoiser in the settings.',
  })
}

async function otherData(
  { data }: CertificationRunConfig,
  { data: path, classes }: SmoothedOptions,
): Promise<CertificationRunConfigInput['data']> {
  if (path !== undefined && !('path' in data)) {
    throw new ConfigError(`Data of the source ${data.source} are in no folder, got --data ${path}.`, {
      remedy: 'Leave --data out, or describe the data in settings.',
    })
  }
  if (classes !== undefined && data.source !== 'folder') {
    throw new ConfigError(
      `The classes of data of the source ${data.source} have one order, got --classes ${classes}.`,
      {
        remedy: 'Leave --classes out: it is for class folders.',
      },
    )
  }
  // Checked by the schema.
  const order = classes === undefined ? {} : { classes: (await readClasses(classes)) as string[] }
  return { ...data, ...given({ path }), ...order } as CertificationRunConfigInput['data']
}

/** Parses the order of class folders: a sort order, names, or a file with names or a mapping. */
async function readClasses(text: string): Promise<unknown> {
  if (!/\.json$/i.test(text)) return text === 'numeric' || text === 'text' ? text : namesIn(text)
  const refuse = (reason: string, cause?: unknown) =>
    new ConfigError(`The file of classes ${text} ${reason}.`, {
      remedy: 'Give a JSON file with the names of class folders in order, or { "folder": logit }.',
      cause,
    })
  const classes = await readJson(text, { refuse })
  if (classes === undefined) throw refuse('is missing')
  return classes
}

function namesIn(text: string): string[] {
  const names = text.split(',').map(name => name.trim())
  if (names.length > 1 && names.every(name => name !== '')) return names
  throw new ConfigError(
    `--classes takes numeric, text, names with commas between, or a .json file, got ${JSON.stringify(text)}.`,
    {
      remedy: 'Write for instance --classes numeric.',
    },
  )
}
