import { fieldDifferences, showValue } from '../config/differences'
import { ConfigError, DataError } from '../errors'
import { isObject, readJson } from '../files/read-json'
import type { ImagePlan, Share } from './image-plan'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Everything that decides a row: rows of different configurations do not belong into one log. */
export type CertificationConfiguration = JsonObject & {
  /** Noise level that is asked for, on the [0, 1] pixel scale. */
  readonly sigma: number
  /** Noise level that the denoiser's timestep adds, on the [0, 1] pixel scale; null without a denoiser. */
  readonly realisedSigma: number | null
  readonly n0: number
  readonly n: number
  /** Probability that a row is wrong, at most: with a family-wise α, the part of it that falls to one image. */
  readonly alpha: number
  readonly dtype: string
  readonly seed: number
}

/** A probability of error that holds for all images of a log together: each row has its `images`-th part as its α. */
export interface FamilyWise {
  /** Probability that any certificate of the plan is wrong, at most. */
  readonly alpha: number
  /** Images of the whole plan. */
  readonly images: number
}

/** What stands beside a log, in `<log>.json`. */
export interface LogFacts {
  readonly configuration: CertificationConfiguration
  /** The images that the log is to hold. Logs that were begun without a plan have none. */
  readonly plan?: ImagePlan
  /** Where the plan is a share of a larger one. */
  readonly share?: Share
  /** What is good to know and decides no row: device, batch size, versions. A run that goes on keeps the first run's. */
  readonly notes?: JsonObject
}

/** Where the facts of a log stand: outside the table, so that any reader of tab-separated values can read that. */
export function factsPath(logPath: string): string {
  return `${logPath}.json`
}

/** The α of a log that holds for all of its images together; undefined where each image has its own. */
export function familyWiseOf({ configuration }: LogFacts): FamilyWise | undefined {
  const { familyWise } = configuration
  return isObject(familyWise) ? (familyWise as unknown as FamilyWise) : undefined
}

/** What tells how an adaptive certification was made; undefined where each image had n votes. */
export function adaptiveOf({ configuration }: LogFacts): JsonObject | undefined {
  const { adaptive } = configuration
  return isObject(adaptive) ? adaptive : undefined
}

/** @throws ConfigError listing every difference */
export function requireSameConfiguration(path: string, logged: Json, requested: Json): void {
  const differences = fieldDifferences(logged, requested)
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
 * The facts beside a log; undefined where there are none.
 *
 * @throws DataError when they cannot be read or are no facts of a log
 */
export async function readFacts(logPath: string): Promise<LogFacts | undefined> {
  const path = factsPath(logPath)
  const refuse = (reason: string, cause?: unknown) =>
    new DataError(`${path} must hold the facts of a certification log: ${reason}.`, {
      remedy: 'Restore the file; without it nothing says how the rows were certified.',
      cause,
    })
  const facts = await readJson<Json>(path, { refuse: (reason, cause) => refuse(`it ${reason}`, cause) })
  if (facts === undefined) return undefined
  const configuration = isObject(facts) ? facts.configuration : undefined
  if (!isObject(configuration)) throw refuse('it has no configuration')
  for (const field of ['sigma', 'n0', 'n', 'alpha', 'seed']) {
    if (typeof configuration[field] !== 'number') throw refuse(`configuration.${field} is no number`)
  }
  return facts as unknown as LogFacts
}
