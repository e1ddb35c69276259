import { type FieldDifference, showValue } from '../config/differences'
import { ConfigError } from '../errors'
import type { CertificationLog } from '../logs/certification-log-file'
import { configurationDifferences } from '../logs/certification-log-metadata'
import { formatIndices } from '../logs/image-plan'
import { type KnownSetting, knownSettings, saturatedRadius } from './known-settings'

/** Differences between certification logs, one line each. Values that logs do not state are not compared. */

/** Fields that may differ between seeds of one configuration: the seed, the rule that derives noise from it, and the resulting networks. */
const OF_A_SEED = /^(seed|streams|classifier|models)(\.|$)/

const OF_DATA = /^data\.(classNames|digest)$/

/**
 * Returns the differences between the configurations of two logs, without seed and networks; all fields if one log has no configuration.
 */
export function statementDifferences(a: CertificationLog, b: CertificationLog): FieldDifference[] {
  return differencesOf(a, b).filter(({ field }) => !OF_A_SEED.test(field))
}

function differencesOf({ metadata: a }: CertificationLog, { metadata: b }: CertificationLog) {
  return configurationDifferences(a?.configuration ?? null, b?.configuration ?? null)
}

/**
 * Returns the differences between the settings of two logs, without seed and networks. If a `.json` is missing, compares the other known
 * settings; see `knownSettings`.
 */
export function settingDifferences(first: CertificationLog, other: CertificationLog): string[] {
  if (first.metadata !== undefined && other.metadata !== undefined) {
    return statementDifferences(first, other).flatMap(({ field, before, after }) =>
      OF_DATA.test(field) ? [] : [`${field}: ${showValue(before)} and ${showValue(after)}`],
    )
  }
  const [a, b] = [knownSettings(first), knownSettings(other)]
  const known = (['sigma', 'n0', 'n', 'alpha'] as const).flatMap(field => {
    const [before, after] = [a[field], b[field]]
    return before === undefined || after === undefined || before.value === after.value
      ? []
      : [`${field}: ${showSetting(before)} and ${showSetting(after)}`]
  })
  return known.length > 0 ? known : largestRadiusDifference(first, other)
}

/** Formats the value, with the source of an inferred one. */
export function showSetting({ value, inferredFrom }: KnownSetting): string {
  return inferredFrom === undefined ? String(value) : `${value} (inferred from ${inferredFrom})`
}

/** A seed changes the largest radius by less than this factor, if several images have it. */
const MOST_BY_SEED = 1.1

/** Largest radii that several images share come from unanimous votes, and depend only on σ, n and α. */
function largestRadiusDifference(first: CertificationLog, other: CertificationLog): string[] {
  const [a = 0, b = 0] = [saturatedRadius(first.rows), saturatedRadius(other.rows)]
  return a === 0 || b === 0 || Math.max(a, b) / Math.min(a, b) < MOST_BY_SEED
    ? []
    : [`largest radius, of several images each: ${a} and ${b}, as of another sigma, n or alpha`]
}

/** Returns the differences between the images of two logs: their numbers, labels and pixels, and the logs' descriptions of their data. */
export function imageDifferences(first: CertificationLog, other: CertificationLog): string[] {
  return [...dataDifferences(first, other), ...numberDifferences(first, other)]
}

/**
 * Returns the differences between images with the same numbers in two logs: the logs' descriptions of their data, and the digests of each
 * row's pixels.
 */
export function dataDifferences(first: CertificationLog, other: CertificationLog): string[] {
  const ofData =
    first.metadata && other.metadata
      ? differencesOf(first, other).filter(({ field }) => OF_DATA.test(field))
      : []
  const known = new Map(first.rows.map(({ index, digest }) => [index, digest]))
  const row = other.rows.find(
    ({ index, digest }) => digest !== undefined && digest !== (known.get(index) ?? digest),
  )
  return [
    ...ofData.map(({ field, before, after }) => `${field}: ${showValue(before)} and ${showValue(after)}`),
    ...(row ? [`image ${row.index}: digest ${known.get(row.index)} and ${row.digest}`] : []),
  ]
}

/** Returns images that only one of the logs has, and labels that differ. */
function numberDifferences(first: CertificationLog, other: CertificationLog): string[] {
  const [a, b] = [first, other].map(({ rows }) => new Map(rows.map(({ index, label }) => [index, label])))
  if (a === undefined || b === undefined) return []
  const [ofFirst, ofOther] = [alone(a, b), alone(b, a)]
  const relabelled = [...a].find(([index, label]) => (b.get(index) ?? label) !== label)
  return [
    ...(ofFirst.length + ofOther.length === 0
      ? []
      : [
          `${first.file} (${a.size}) and ${other.file} (${b.size}) hold different images: ` +
            `${showImages(ofFirst)} in the first alone, ${showImages(ofOther)} in the second alone`,
        ]),
    ...(relabelled === undefined
      ? []
      : [`label of image ${relabelled[0]}: ${relabelled[1]} and ${b.get(relabelled[0])}`]),
  ]
}

function alone(own: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): number[] {
  return [...own.keys()].filter(index => !other.has(index)).sort((a, b) => a - b)
}

/** Formats positions briefly. */
export function showImages(indices: readonly number[]): string {
  const list = indices.length === 0 ? 'none' : formatIndices(indices)
  return list.length > 60 ? `${list.slice(0, 57)}...` : list
}

/** Two logs of a group, and their differences. */
export interface LogDifference {
  readonly first: CertificationLog
  readonly other: CertificationLog
  readonly lines: readonly string[]
}

/** Returns for each log the earliest one before it that differs; empty if all are alike. */
function differencesAmong(
  logs: readonly CertificationLog[],
  linesOf: (first: CertificationLog, other: CertificationLog) => readonly string[],
): LogDifference[] {
  return logs.flatMap((other, position) => {
    for (const first of logs.slice(0, position)) {
      const lines = linesOf(first, other)
      if (lines.length > 0) return [{ first, other, lines }]
    }
    return []
  })
}

/** Returns logs that are not seeds of one configuration: they differ in settings or images, or only one has a `.json`. */
export function seedDifferences(logs: readonly CertificationLog[]): LogDifference[] {
  return differencesAmong(logs, (first, other) => [
    ...((first.metadata === undefined) === (other.metadata === undefined)
      ? []
      : ['only one of them says how it was certified']),
    ...settingDifferences(first, other),
    ...imageDifferences(first, other),
  ])
}

/** Returns logs with different images. */
export function imageDifferencesAmong(logs: readonly CertificationLog[]): LogDifference[] {
  return differencesAmong(logs, imageDifferences)
}

/** Returns logs that cannot be compared image by image: they differ in settings or images. */
export function comparisonDifferences(logs: readonly CertificationLog[]): LogDifference[] {
  return differencesAmong(logs, (first, other) => [
    ...settingDifferences(first, other),
    ...imageDifferences(first, other),
  ])
}

/** Returns a sentence for each difference. */
export function sayDifferences(differences: readonly LogDifference[]): string[] {
  return differences.map(
    ({ first, other, lines }) => `${first.file} and ${other.file} differ: ${lines.join('; ')}.`,
  )
}

/**
 * Throws if logs to average are not seeds of one configuration, see `seedDifferences`.
 *
 * @param what - Description of the logs, for the message.
 * @throws ConfigError that names two logs and lists every difference between them
 */
export function requireSeeds(what: string, logs: readonly CertificationLog[]): void {
  refuseFirst(seedDifferences(logs), {
    say: (first, other) => `${what} would be averaged, but ${first} and ${other} were certified differently`,
    remedy:
      'Give them different labels, or take the best of them at each radius with --envelope; --allow-different ' +
      'averages them all the same, and says so.',
  })
}

/**
 * Throws for logs of different images.
 *
 * @param what - Description of the comparison, for the message.
 * @throws ConfigError that names two logs and lists every difference between them
 */
export function requireSameImages(what: string, logs: readonly CertificationLog[]): void {
  refuseFirst(imageDifferencesAmong(logs), {
    say: (first, other) => `${what} must be of the same images, but ${first} and ${other} are not`,
    remedy: 'Certify the same images, or give them different labels and do not compare these.',
  })
}

/**
 * Throws if logs to compare image by image differ in settings or images.
 *
 * @throws ConfigError that names two logs and lists every difference between them
 */
export function requireComparable(logs: readonly CertificationLog[]): void {
  refuseFirst(comparisonDifferences(logs), {
    say: (first, other) =>
      `Logs that are compared image by image must be certified alike, but ${first} and ${other} are not`,
    remedy:
      'Certify the same images with the same settings; --allow-different compares other settings all the same, and says so.',
  })
}

function refuseFirst(
  [difference]: readonly LogDifference[],
  { say, remedy }: { readonly say: (first: string, other: string) => string; readonly remedy: string },
): void {
  if (difference === undefined) return
  const { first, other, lines } = difference
  const list = lines.map(line => `  ${line}`).join('\n')
  throw new ConfigError(`${say(first.file, other.file)}:\n${list}\n`, { remedy })
}
