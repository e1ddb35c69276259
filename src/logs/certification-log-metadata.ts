import { type FieldDifference, fieldDifferences, showValue } from '../config/differences'
import { ConfigError, DataError } from '../errors'
import { isObject, readJson } from '../files/read-json'
import { UNRECORDED_STREAMS_VERSION } from '../streams'
import type { ImagePlan, Share } from './image-plan'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Everything that determines a row: a log has only rows of one configuration. */
export type CertificationConfiguration = JsonObject & {
  /** Nominal noise level, for pixels in [0, 1]. */
  readonly sigma: number
  /** Realised noise level of the denoiser's timestep, for pixels in [0, 1]; null without a denoiser. */
  readonly realisedSigma: number | null
  /** The norm of radii. */
  readonly norm: string
  /** How a probability becomes a radius, see `Bound`. */
  readonly bound: string
  /** How votes are drawn and decided: `certify`, `grid`, `sized` or `at-radius`, with settings besides n0, n and alpha. */
  readonly procedure: JsonObject & { readonly kind: string }
  readonly n0: number
  /** Votes of the estimation; for `grid` and `sized` the maximum per image, for `at-radius` per round. */
  readonly n: number
  /** Largest probability that a row is wrong; with a family-wise α, the share of one image. */
  readonly alpha: number
  /** Arithmetic of both networks. */
  readonly arithmetic: JsonObject
  readonly seed: number
  /** Version of the rule that derives noise from its name; 1 if absent, in logs of earlier versions. */
  readonly streams?: number
}

/** A probability of error for all images of a log together: each row gets 1 / `images` of it as its α. */
export interface FamilyWise {
  /** Largest probability that any certificate of the plan is wrong. */
  readonly alpha: number
  /** Number of images of the whole plan. */
  readonly images: number
}

/** The log format of this version. */
export const LOG_FORMAT = 2

/** The content of `<log>.json`. */
export interface LogMetadata {
  /** 1 for logs of earlier versions, which can be read but not continued. Their configuration is converted to format 2. */
  readonly format: 1 | typeof LOG_FORMAT
  readonly configuration: CertificationConfiguration
  /** The planned images of the log; absent if it was begun without a plan. */
  readonly plan?: ImagePlan
  /** Present if the plan is a share of a larger one. */
  readonly share?: Share
  /** Information that determines no row: device, batch size, versions. A continued log keeps the notes of the first run. */
  readonly notes?: JsonObject
}

/** Returns the path of a log's metadata: a separate file, so that any TSV reader can read the table. */
export function metadataPath(logPath: string): string {
  return `${logPath}.json`
}

/** Returns the α of all images of a log together; undefined if each image has its own. */
export function familyWiseOf({ configuration }: Pick<LogMetadata, 'configuration'>): FamilyWise | undefined {
  const { familyWise } = configuration
  return isObject(familyWise) ? (familyWise as unknown as FamilyWise) : undefined
}

/**
 * Returns the differences between two configurations. Data fields that only one of them has do not count, because logs of
 * earlier versions record less, or have a digest of less. Nor does the name of a classifier with the same weights: that
 * of a run is the name of its folder, which may change.
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

/** Returns whether a configuration describes its data: class names, and a digest of names, labels and sizes. */
export function saysData(configuration: Json): boolean {
  return (
    isObject(configuration) && isObject(configuration.data) && configuration.data.classNames !== undefined
  )
}

/** Returns the version of the rule that derives the noise of a log from its name. */
export function streamsOf(configuration: Json): number {
  const streams = isObject(configuration) ? configuration.streams : undefined
  return typeof streams === 'number' ? streams : UNRECORDED_STREAMS_VERSION
}

/**
 * Requires the same version of the random streams.
 *
 * @throws ConfigError that names both versions
 */
export function requireSameStreams(path: string, logged: Json, requested: Json): void {
  const [before, now] = [streamsOf(logged), streamsOf(requested)]
  if (before === now) return
  throw new ConfigError(
    `The log ${path} has noise of random streams of version ${before}, expected version ${now}: rows of both do not belong into one log.`,
    { remedy: 'Start afresh: the same command with another --output. Analysis reads logs of every version.' },
  )
}

/**
 * Requires the same configuration.
 *
 * @throws ConfigError that names both versions of the streams if they differ, or else lists every difference
 */
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
 * Reads the metadata of a log; undefined if there are none.
 *
 * @throws DataError if they cannot be read or are not metadata of a log
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

/** Converts the configuration of a log of format 1 to format 2. */
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
