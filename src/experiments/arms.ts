import { createHash } from 'node:crypto'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { requireCertifiable } from '../certification/require-certifiable'
import { certificationSchema } from '../config/certification-schema'
import type { CertificationConfig, ClassifierConfig, RunConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { tracesOf } from '../training/trace-hooks'
import { configOfArm } from './arm-config'
import type { Arm, Experiment } from './definition'
import { SCALES, type Scale, type ScaleName } from './scale'

/** An arm at a scale, with its configuration. */
export interface ResolvedArm {
  readonly arm: Arm
  readonly sigma: number
  readonly isTrained: boolean
  /** `output` and `seed` do not belong to a run yet. */
  readonly config: RunConfig
  /** Identity of the configuration: arms of different experiments with the same one share their runs. */
  readonly id: string
  /** Folder of the logs of all seeds. */
  readonly folder: string
  /** Folder of the runs of all seeds: the same folder, except for ensembles and ACES, which share the runs of one classifier. */
  readonly runs: string
  /** The source of the soft labels for training this arm. */
  readonly softLabels?: SoftLabelsOf
  /** For a router: the arms that it chooses between, and how it is certified with them. */
  readonly router?:
    | {
        readonly experts: readonly [ResolvedArm, ...ResolvedArm[]]
        readonly n: number
        readonly procedure: CertificationConfig['procedure']
      }
    | undefined
  /** For ACES: the network for the image without noise. */
  readonly core?: ClassifierConfig
}

/** The arm whose smoothed classifier votes on training images, and the number of copies of each. */
export interface SoftLabelsOf {
  readonly of: ResolvedArm
  readonly n: number
}

/** Returns all soft labels for training an arm: for a router, those of each expert. */
export function softLabelsOf({ softLabels, router }: ResolvedArm): readonly SoftLabelsOf[] {
  if (router !== undefined) return router.experts.map(of => ({ of, n: router.n }))
  return softLabels === undefined ? [] : [softLabels]
}

/** Returns the certification settings of an arm. */
export function certificationOfArm({ config, router }: ResolvedArm): CertificationConfig {
  return router === undefined
    ? config.certification
    : { ...config.certification, procedure: router.procedure }
}

export interface ResolveOptions {
  readonly scale: Scale
  /** Folder of all experiments of the scale. */
  readonly output: string
  /** Certifies the first N test images. Default: those of the scale's configuration. */
  readonly testImages?: number | undefined
}

/** Returns the scales of an experiment. */
export function scalesOf({ scales }: Pick<Experiment, 'scales'>): readonly ScaleName[] {
  return scales ?? SCALES.filter(name => name !== 'mnist')
}

/**
 * @throws ConfigError if a change is incompatible with the scale's configuration, two arms share a key, or the experiment does not support
 *   the scale
 */
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
    const source = (of: string): ResolvedArm => {
      const found = arms.find(({ key }) => key === of)
      if (found !== undefined && found.softLabels === undefined && found.router === undefined) {
        return resolve(found)
      }
      throw new ConfigError(
        `The arm ${arm.key} of ${experiment.name} takes soft labels of ${of}, expected an arm that needs none itself.`,
        { remedy: 'Name the key of another arm of the experiment.' },
      )
    }
    const { softLabels, router } = arm
    return resolveArm(arm, experiment, {
      ...options,
      ...(softLabels && { softLabels: { of: source(softLabels.of), n: softLabels.n } }),
      ...(router && { router: { experts: router.of.map(source), n: router.n } }),
    })
  }
  return arms.map(resolve)
}

function resolveArm(
  arm: Arm,
  { sigma: papers, isAblation = false }: Experiment,
  { scale, output, testImages, softLabels, router }: ResolveOptions & Trained,
): ResolvedArm {
  const { isTrained = true, members = 1 } = arm
  const level = arm.sigma ?? scale.ablationSigma ?? papers
  const changed = configOfArm(arm, scale, { sigma: level, isAblation })
  const { sigma } = changed.smoothing
  const config =
    testImages === undefined
      ? changed
      : { ...changed, certification: { ...changed.certification, images: { first: testImages } } }
  // Checked before training. The number of images that share alpha is not always known here.
  const { images } = config.certification
  const known = typeof images === 'object' && 'first' in images ? images.first : 1
  const routed = router && routerOf(arm, { ...router, sigma })
  requireCertifiable(
    { ...config.certification, ...(routed && { procedure: routed.procedure }) },
    { sigma: routed?.experts[0].sigma ?? sigma, images: known },
  )
  const identity = identityOf(config, { arm, isTrained, output, softLabels, router })
  const hash = createHash('sha256').update(identity).digest('hex')
  const own = `${isTrained ? 'sigma' : 'off-the-shelf-sigma'}-${sigma}-${hash.slice(0, 10)}`
  const core = arm.core?.(scale.base(level, { isAblation }))
  const id = [
    own,
    ...(members === 1 ? [] : [`of-${members}`]),
    ...(core ? [`core-${hashOf(core)}`] : []),
  ].join('-')
  const [folder, runs] = [join(output, 'arms', id), join(output, 'arms', own)]
  return {
    ...{ arm, sigma, isTrained, config, id, folder, runs },
    ...(softLabels && { softLabels }),
    ...(routed && { router: routed }),
    ...(core && { core }),
  }
}

/** Arms that another arm needs for training. */
interface Trained {
  readonly softLabels?: SoftLabelsOf | undefined
  readonly router?: { readonly experts: readonly ResolvedArm[]; readonly n: number } | undefined
}

/** @throws ConfigError for fewer than two experts, or noise levels that do not ascend */
function routerOf(
  { key, router }: Arm,
  {
    experts,
    n,
    sigma,
  }: NonNullable<Trained['router']> & {
    readonly sigma: number
  },
): NonNullable<ResolvedArm['router']> {
  const sigmas = experts.map(expert => expert.sigma)
  if (sigmas.length < 2 || sigmas.some((own, place) => place > 0 && own <= (sigmas[place - 1] ?? 0))) {
    throw new ConfigError(
      `The arm ${key} chooses between arms of the noise levels ${sigmas.join(', ') || 'none'}, expected at least two, the smallest first.`,
      { remedy: 'Name the keys of other arms in `router.of`.' },
    )
  }
  const procedure = { kind: 'router', sigma, sigmas, agreement: router?.agreement ?? 0 } as const
  return { experts: experts as unknown as readonly [ResolvedArm, ...ResolvedArm[]], n, procedure }
}

function hashOf(settings: object): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 6)
}

/** Returns everything that determines the trained weights except the seed. Paths are relative to the output, so a checkout can be moved. */
function identityOf(
  config: RunConfig,
  { arm, isTrained, output, softLabels, router }: Trained & { arm: Arm; isTrained: boolean; output: string },
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
    // As in earlier versions, so that their runs keep their names.
    compileDenoiser: compile === 'all' ? compile : compile === 'denoiser',
    hooks: hooksOf(arm),
    softLabels: softLabels && { of: softLabels.of.id, n: softLabels.n },
    router: router && { of: router.experts.map(({ id }) => id), n: router.n },
  }
  return JSON.stringify(isTrained ? { ...networks, ...training } : networks, (key, value: unknown) => {
    // Runs of earlier versions, which had no other groups, keep their names.
    if (key === 'parameterGroups' && value === 'released') return undefined
    return key === 'path' && typeof value === 'string' && isAbsolute(value)
      ? relative(resolve(output), value)
      : value
  })
}

/** Returns the identity of an arm's custom functions: name and parameters. A bare function belongs to its arm's key. */
function hooksOf({ key, hooks }: Arm): object | undefined {
  if (hooks === undefined) return undefined
  const traces = Object.entries(tracesOf(hooks)).map(([name, { name: called, parameters }]) => [
    name,
    parameters === null ? key : { name: called, parameters },
  ])
  return Object.fromEntries(traces)
}

/** Returns the folder of one run of an arm. */
export function seedFolder({ runs }: Pick<ResolvedArm, 'runs'>, seed: number): string {
  return join(runs, `seed-${seed}`)
}

/** Distance between the seeds of an ensemble's members, so that different seeds share none. */
const BETWEEN_MEMBERS = 1000

/** Returns the seeds of the runs that vote together; none for an arm without training. */
export function memberSeeds(
  { arm, isTrained }: Pick<ResolvedArm, 'arm' | 'isTrained'>,
  seed: number,
): number[] {
  if (!isTrained) return []
  return Array.from({ length: arm.members ?? 1 }, (_, member) => seed + member * BETWEEN_MEMBERS)
}

/** Returns the file of the soft labels for training a run. */
export function softLabelsPath({ of, n }: SoftLabelsOf, seed: number): string {
  return join(seedFolder(of, seed), `soft-labels-${n}.jsonl`)
}

/**
 * Returns the log of an arm's certification. Other settings give another log, more images a longer one; the name has n0, n and α, and a
 * hash of all other non-default settings.
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
  } = certificationOfArm(arm)
  const decisive = {
    ...others,
    // They share the family-wise α.
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

/** Returns each arm once, in order of first appearance: the same networks with another certification are another arm. */
export function distinctArms(arms: readonly ResolvedArm[]): ResolvedArm[] {
  return arms.filter((arm, position) => arms.findIndex(other => areSame(arm, other)) === position)
}

/** Returns whether two arms have the same networks and certification. */
export function areSame(first: ResolvedArm, second: ResolvedArm): boolean {
  return first.id === second.id && logPath(first, 0) === logPath(second, 0)
}
