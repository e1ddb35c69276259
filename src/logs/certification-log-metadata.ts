import { type FieldDifference, fieldDifferences, showValue } from '../config/differences'
import { ConfigError, DataError } from '../errors'
import { isObject, readJson } from '../files/read-json'
import { UNRECORDED_STREAMS_VERSION } from '../streams'
import type { ImagePlan, Share } from './image-plan'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Everything that decides a row: rows of different configurations do not belong into one log. */
export type CertificationConfiguration = JsonObject & {
  /** Noise level that is asked for, on the [0, 1] pixel scale. */
  readonly sigma: number
  /** Noise level that the denoiser's timestep adds, on the [0, 1] pixel scale; null without a denoiser. */
  readonly realisedSigma: number | null
  /** In which radii are measured. */
  readonly norm: string
  /** How a radius follows from a probability, see `Bound`. */
  readonly bound: string
  /** How votes are drawn and decided on: `certify`, `grid`, `sized` or `at-radius`, with what decides beside n0, n and alpha. */
  readonly procedure: JsonObject & { readonly kind: string }
  readonly n0: number
  /** Votes of the estimation; of `grid` and `sized` the most that an image may take, of `at-radius` in one round. */
  readonly n: number
  /** Probability that a row is wrong, at most: with a family-wise α, the part of it that falls to one image. */
  readonly alpha: number
  /** How both networks compute. */
  readonly arithmetic: JsonObject
  readonly seed: number
  /** By which rule the noise follows from its name; absent in logs of earlier versions, where it is 1. */
  readonly streams?: number
}

/** A probability of error that holds for all images of a log together: each row has its `images`-th part as its α. */
export interface FamilyWise {
  /** Probability that any certificate of the plan is wrong, at most. */
  readonly alpha: number
  /** Images of the whole plan. */
  readonly images: number
}

/** The format of the logs that this version writes. */
export const LOG_FORMAT = 2

/** What stands beside a log, in `<log>.json`. */
export interface LogMetadata {
  /** 1 for logs of earlier versions, which can be read and not continued. Their configuration is shown as that of format 2. */
  readonly format: 1 | typeof LOG_FORMAT
  readonly configuration: CertificationConfiguration
  /** The images that the log is to hold. Logs that were begun without a plan have none. */
  readonly plan?: ImagePlan
  /** Where the plan is a share of a larger one. */
  readonly share?: Share
  /** What is good to know and decides no row: device, batch size, versions. A run that continues keeps the first run's. */
  readonly notes?: JsonObject
}

/** Where the metadata of a log stand: outside the table, so that any reader of tab-separated values can read that. */
export function metadataPath(logPath: string): string {
  return `${logPath}.json`
}

/** The α of a log that holds for all of its images together; undefined where each image has its own. */
export function familyWiseOf({ configuration }: Pick<LogMetadata, 'configuration'>): FamilyWise | undefined {
  const { familyWise } = configuration
  return isObject(familyWise) ? (familyWise as unknown as FamilyWise) : undefined
}

/**
 * In what two configurations differ. What only one of them says of its data is not a difference: logs of earlier versions
 * say less, or have a digest of less. Nor is the name of a classifier where its weights are the same: that of a run is
 * its folder's, which may be renamed.
 */
export function configurationDifferences(first: Json, second: Json): FieldDifference[] {
  const isSaidAlike = saysData(first) === saysData(second)
  const areSameWeights = hasSameModels(first, second)
  return fieldDifferences(first, second).filter(({ field, before, after }) => {
    if (field === 'classifier') return !areSameWeights
    if (!/^data\.(digest|classNames)$/.test(field)) return true
    return isSaidAlike && before !== undefined && after !== undefined
  })
}

function hasSameModels(first: Json, second: Json): boolean {
  if (!isObject(first) || !isObject(second) || !isObject(first.models)) return false
  return fieldDifferences(first.models, second.models).length === 0
}

/** Whether a configuration says which data it is about: their classes by name, and a digest of names, labels and sizes. */
export function saysData(configuration: Json): boolean {
  return (
    isObject(configuration) && isObject(configuration.data) && configuration.data.classNames !== undefined
  )
}

/** By which rule the noise of a log follows from its name. */
export function streamsOf(configuration: Json): number {
  const streams = isObject(configuration) ? configuration.streams : undefined
  return typeof streams === 'number' ? streams : UNRECORDED_STREAMS_VERSION
}

/** @throws ConfigError that names both versions */
export function requireSameStreams(path: string, logged: Json, requested: Json): void {
  const [before, now] = [streamsOf(logged), streamsOf(requested)]
  if (before === now) return
  throw new ConfigError(
    `The log ${path} has noise of random streams of version ${before}, expected version ${now}: rows of both do not belong into one log.`,
    { remedy: 'Start afresh: the same command with another --output. Analysis reads logs of every version.' },
  )
}

/** @throws ConfigError that names both versions of the streams where they differ, or else lists every difference */
export function requireSameConfiguration(path: string, logged: Json, requested: Json): void {
  requireSameStreams(path, logged, requested)
  const differences = configurationDifferences(logged, requested)
  if (differences.length === 0) return
  const list = differences.map(
    d => `  ${d.field}: ${showValue(d.before)} in the log, ${showValue(d.after)} now`,
  )
  throw new ConfigError(
    `The log ${path} was begun with another configuration, expected the same:\n${list.join('\n')}\n`,
    { remedy: 'Set what differs back, or choose another log file.' },
  )
}

/**
 * The metadata beside a log; undefined where there are none.
 *
 * @throws DataError when they cannot be read or are not metadata of a log
 */
export async function readMetadata(logPath: string): Promise<LogMetadata | undefined> {
  const path = metadataPath(logPath)
  const refuse = (reason: string, cause?: unknown) =>
    new DataError(`${path} must hold the metadata of a certification log: ${reason}.`, {
      remedy: 'Restore the file; without it nothing says how the rows were certified.',
      cause,
    })
  const metadata = await readJson<Json>(path, { refuse: (reason, cause) => refuse(`it ${reason}`, cause) })
  if (metadata === undefined) return undefined
  const configuration = isObject(metadata) ? metadata.configuration : undefined
  if (!isObject(configuration)) throw refuse('it has no configuration')
  for (const field of ['sigma', 'n0', 'n', 'alpha', 'seed']) {
    if (typeof configuration[field] !== 'number') throw refuse(`configuration.${field} is not a number`)
  }
  const { sigma, certifiedSigma = sigma, alpha, procedure } = configuration
  if (!(Number(sigma) > 0 && Number(certifiedSigma) > 0)) throw refuse('configuration.sigma is not above 0')
  if (!(Number(alpha) > 0 && Number(alpha) < 1)) throw refuse('configuration.alpha is not between 0 and 1')
  const { plan, share } = metadata as JsonObject
  if (plan !== undefined && !hasFields(plan, { count: 'number', images: 'string' })) {
    throw refuse('plan is not a count and a list of images')
  }
  if (
    share !== undefined &&
    !hasFields(share, { number: 'number', of: 'number', count: 'number', sha256: 'string' })
  ) {
    throw refuse(
      'share is not the number of a share, of how many, with the count and the SHA-256 of the plan',
    )
  }
  const { format = 1, ...others } = metadata as unknown as Omit<LogMetadata, 'format'> & { format?: Json }
  if (format === LOG_FORMAT) {
    if (!isObject(procedure)) throw refuse('configuration.procedure is missing')
    return { ...others, format }
  }
  if (format === 1) return { ...others, format, configuration: fromFormat1(configuration) }
  throw new DataError(
    `${path} has format ${JSON.stringify(format)}, and this version reads 1 and ${LOG_FORMAT}.`,
    { remedy: 'Read the log with the version of ft-cadis that wrote it, or a later one.' },
  )
}

function hasFields(value: Json, types: Readonly<Record<string, 'number' | 'string'>>): boolean {
  return isObject(value) && Object.entries(types).every(([field, type]) => typeof value[field] === type)
}

/** The configuration of a log of format 1 as format 2 has it. */
function fromFormat1({
  adaptive = { kind: 'certify' },
  dtype,
  denoiserDtype,
  autocast,
  tf32,
  channelsLast,
  compile,
  ...others
}: JsonObject): CertificationConfiguration {
  const arithmetic = { dtype, denoiserDtype, autocast, tf32, channelsLast, compile }
  return {
    ...others,
    ...{ norm: 'l2', bound: 'gaussian', procedure: adaptive },
    arithmetic: Object.fromEntries(Object.entries(arithmetic).filter(([, value]) => value !== undefined)),
  } as unknown as CertificationConfiguration
}
