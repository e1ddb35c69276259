import { createHash } from 'node:crypto'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { requireCertifiable } from '../certification/require-certifiable'
import { certificationSchema } from '../config/certification-schema'
import { type ClassifierConfig, parseConfig, type RunConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { tracesOf } from '../training/trace-hooks'
import type { Arm, Experiment } from './definition'
import { SCALES, type Scale, type ScaleName } from './scale'

/** An arm at a scale, with the configuration that it stands for. */
export interface ResolvedArm {
  readonly arm: Arm
  readonly sigma: number
  readonly isTrained: boolean
  /** `output` and `seed` are those of no run yet. */
  readonly config: RunConfig
  /** Names the configuration: arms of different experiments that have the same one share their runs. */
  readonly id: string
  /** Folder of the logs of all seeds. */
  readonly folder: string
  /** Folder of the runs of all seeds: the same, but for several runs and ACES, which share those of one classifier. */
  readonly runs: string
  /** Whose runs give the soft labels that this arm is trained with. */
  readonly softLabels?: { readonly of: ResolvedArm; readonly n: number }
  /** Of ACES: the network that is asked about the image without noise. */
  readonly core?: ClassifierConfig
}

export interface ResolveOptions {
  readonly scale: Scale
  /** Folder of all experiments of the scale. */
  readonly output: string
  /** Certify the first N test images. Default: those of the scale's configuration. */
  readonly testImages?: number | undefined
}

/** The scales that an experiment can be run at. */
export function scalesOf({ scales }: Pick<Experiment, 'scales'>): readonly ScaleName[] {
  return scales ?? SCALES.filter(name => name !== 'mnist')
}

/** @throws ConfigError where a change does not go together with the scale's configuration, or two arms share a key, or it is not for the scale */
export function resolveArms(experiment: Experiment, options: ResolveOptions): ResolvedArm[] {
  const known = scalesOf(experiment)
  if (!known.includes(options.scale.name)) {
    throw new ConfigError(
      `The experiment ${experiment.name} has the scales ${known.join(', ')}, got ${options.scale.name}.`,
      { remedy: 'Choose one of these.' },
    )
  }
  const arms = experiment.arms(options.scale)
  const keys = arms.map(({ key }) => key)
  if (new Set(keys).size < keys.length || keys.length === 0) {
    throw new ConfigError(
      `The experiment ${experiment.name} must have arms of different keys, got ${keys.join(', ') || 'none'}.`,
      {
        remedy: 'Give each arm its own key.',
      },
    )
  }
  const resolve = (arm: Arm): ResolvedArm => {
    const { softLabels } = arm
    if (softLabels === undefined) return resolveArm(arm, experiment, options)
    const source = arms.find(({ key }) => key === softLabels.of)
    if (source === undefined || source.softLabels !== undefined) {
      throw new ConfigError(
        `The arm ${arm.key} of ${experiment.name} takes soft labels of ${softLabels.of}, expected an arm that needs none itself.`,
        { remedy: 'Name the key of another arm of the experiment.' },
      )
    }
    return resolveArm(arm, experiment, {
      ...options,
      softLabels: { of: resolve(source), n: softLabels.n },
    })
  }
  return arms.map(resolve)
}

function resolveArm(
  arm: Arm,
  { sigma: papers, isAblation = false }: Experiment,
  { scale, output, testImages, softLabels }: ResolveOptions & Pick<ResolvedArm, 'softLabels'>,
): ResolvedArm {
  const { isTrained = true, members = 1, config: change = base => base } = arm
  const base = scale.base(arm.sigma ?? scale.ablationSigma ?? papers, { isAblation })
  const changed = parseConfig(change(base))
  const { sigma } = changed.smoothing
  const config =
    testImages === undefined
      ? changed
      : { ...changed, certification: { ...changed.certification, images: { first: testImages } } }
  // Before anything is trained. How many images share alpha is not always known here.
  const { images } = config.certification
  const known = typeof images === 'object' && 'first' in images ? images.first : 1
  requireCertifiable(config.certification, { sigma, images: known })
  const identity = identityOf(config, { arm, isTrained, output, softLabels })
  const hash = createHash('sha256').update(identity).digest('hex')
  const own = `${isTrained ? 'sigma' : 'off-the-shelf-sigma'}-${sigma}-${hash.slice(0, 10)}`
  const core = arm.core?.(base)
  const id = [
    own,
    ...(members === 1 ? [] : [`of-${members}`]),
    ...(core ? [`core-${hashOf(core)}`] : []),
  ].join('-')
  const [folder, runs] = [join(output, 'arms', id), join(output, 'arms', own)]
  return {
    arm,
    sigma,
    isTrained,
    config,
    id,
    folder,
    runs,
    ...(softLabels && { softLabels }),
    ...(core && { core }),
  }
}

function hashOf(settings: object): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 6)
}

/** Everything that decides the trained weights but the seed. Paths are written as seen from the output, so that a checkout can be moved. */
function identityOf(
  config: RunConfig,
  {
    arm,
    isTrained,
    output,
    softLabels,
  }: {
    arm: Arm
    isTrained: boolean
    output: string
    softLabels: ResolvedArm['softLabels'] | undefined
  },
): string {
  const { smoothing, classifier, data, tuning, method, optimisation, dtype, autocast, tf32, compile } = config
  const networks = { smoothing, classifier, data }
  const training = {
    tuning,
    method,
    optimisation,
    dtype,
    autocast,
    tf32,
    // As earlier versions wrote it, so that their runs keep their names.
    compileDenoiser: compile === 'all' ? compile : compile === 'denoiser',
    hooks: hooksOf(arm),
    softLabels: softLabels && { of: softLabels.of.id, n: softLabels.n },
  }
  return JSON.stringify(isTrained ? { ...networks, ...training } : networks, (key, value: unknown) => {
    // Runs of earlier versions, which had no other groups, keep their names.
    if (key === 'parameterGroups' && value === 'released') return undefined
    return key === 'path' && typeof value === 'string' && isAbsolute(value)
      ? relative(resolve(output), value)
      : value
  })
}

/** What of an arm's own functions decides: name and parameters. A bare one belongs to the key of its arm. */
function hooksOf({ key, hooks }: Arm): object | undefined {
  if (hooks === undefined) return undefined
  const traces = Object.entries(tracesOf(hooks)).map(([name, { name: called, parameters }]) => [
    name,
    parameters === null ? key : { name: called, parameters },
  ])
  return Object.fromEntries(traces)
}

/** Folder of one run of an arm. */
export function seedFolder({ runs }: Pick<ResolvedArm, 'runs'>, seed: number): string {
  return join(runs, `seed-${seed}`)
}

/** Seeds of the members of an ensemble lie so far apart that its seeds share none. */
const BETWEEN_MEMBERS = 1000

/** Seeds of the runs that vote together; none for an arm that is not trained. */
export function memberSeeds(
  { arm, isTrained }: Pick<ResolvedArm, 'arm' | 'isTrained'>,
  seed: number,
): number[] {
  if (!isTrained) return []
  return Array.from({ length: arm.members ?? 1 }, (_, member) => seed + member * BETWEEN_MEMBERS)
}

/** The file of the soft labels that a run is trained with. */
export function softLabelsPath({ of, n }: NonNullable<ResolvedArm['softLabels']>, seed: number): string {
  return join(seedFolder(of, seed), `soft-labels-${n}.jsonl`)
}

/**
 * The log of an arm's certification. Other settings make another log, more images a longer one; the name has n0, n and α,
 * and a hash of whatever else is not as by default.
 */
export function logPath(arm: ResolvedArm, seed: number): string {
  const {
    n0,
    n,
    alpha,
    images,
    batch: _,
    seed: _seed,
    procedure,
    noise,
    purify,
    confidence,
    ...others
  } = arm.config.certification
  const decisive = {
    ...others,
    // α of an image is shared among them.
    ...(others.familyWise && { images }),
    // Logs of earlier versions, which had neither, keep their names.
    ...(procedure.kind !== 'certify' && { procedure }),
    ...(noise !== 'gaussian' && { noise }),
    ...(purify.kind !== 'once' && { purify }),
    ...(confidence !== 'clopper-pearson' && { confidence }),
  }
  const { images: _all, ...defaults } = certificationSchema.parse({})
  const isDefault = Object.entries(decisive).every(
    ([name, value]) => value === (defaults as Record<string, unknown>)[name],
  )
  const hash = createHash('sha256').update(JSON.stringify(decisive)).digest('hex').slice(0, 10)
  const name = `certify-n0-${n0}-n-${n}-alpha-${alpha}${isDefault ? '' : `-${hash}`}.tsv`
  return join(arm.folder, `seed-${seed}`, name)
}

/** Each arm once, in the order of its first appearance: the same networks that are certified otherwise are another. */
export function distinctArms(arms: readonly ResolvedArm[]): ResolvedArm[] {
  return arms.filter((arm, position) => arms.findIndex(other => areSame(arm, other)) === position)
}

/** Whether two arms have the same networks, certified alike. */
export function areSame(first: ResolvedArm, second: ResolvedArm): boolean {
  return first.id === second.id && logPath(first, 0) === logPath(second, 0)
}
