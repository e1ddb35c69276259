import { type FieldDifference, showValue } from '../config/differences'
import { ConfigError } from '../errors'
import type { CertificationLog } from '../logs/certification-log-file'
import { configurationDifferences } from '../logs/certification-log-metadata'
import { formatIndices } from '../logs/image-plan'
import { type KnownSetting, knownSettings, saturatedRadius } from './known-settings'

/** In what certification logs differ, a line for each difference. What logs do not say is not compared. */

/** What seeds of one configuration may differ in: the seed, the rule by which noise follows from it, and the networks that it led to. */
const OF_A_SEED = /^(seed|streams|classifier|models)(\.|$)/

const OF_DATA = /^data\.(classNames|digest)$/

/** In what the configurations of two logs differ, beside the seed and the networks; all of them where one log has none. */
export function statementDifferences(a: CertificationLog, b: CertificationLog): FieldDifference[] {
  return differencesOf(a, b).filter(({ field }) => !OF_A_SEED.test(field))
}

function differencesOf({ metadata: a }: CertificationLog, { metadata: b }: CertificationLog) {
  return configurationDifferences(a?.configuration ?? null, b?.configuration ?? null)
}

/**
 * In what two logs were certified differently, beside the seed and the networks. Where a `.json` is missing, what else is
 * known is compared, see `knownSettings`.
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

/** The value as text, and what it was inferred from. */
export function showSetting({ value, inferredFrom }: KnownSetting): string {
  return inferredFrom === undefined ? String(value) : `${value} (inferred from ${inferredFrom})`
}

/** A seed moves the largest radius by less than this, where several images have it. */
const MOST_BY_SEED = 1.1

/** Largest radii that several images share each are those of all votes, and follow from σ, n and α alone. */
function largestRadiusDifference(first: CertificationLog, other: CertificationLog): string[] {
  const [a = 0, b = 0] = [saturatedRadius(first.rows), saturatedRadius(other.rows)]
  return a === 0 || b === 0 || Math.max(a, b) / Math.min(a, b) < MOST_BY_SEED
    ? []
    : [`largest radius, of several images each: ${a} and ${b}, as of another sigma, n or alpha`]
}

/** In what the images of two logs differ: their numbers, labels and pixels, and what the logs say of their data. */
export function imageDifferences(first: CertificationLog, other: CertificationLog): string[] {
  return [...dataDifferences(first, other), ...numberDifferences(first, other)]
}

/**
 * In what the images of two logs differ, of those that have the same numbers: what the logs say of their data, and the
 * pixels of a row by their digest.
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

/** Images that one of the logs has alone, and a label that they do not agree on. */
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

/** Positions in few words. */
export function showImages(indices: readonly number[]): string {
  const list = indices.length === 0 ? 'none' : formatIndices(indices)
  return list.length > 60 ? `${list.slice(0, 57)}...` : list
}

/** Two logs of a group, and in what they differ. */
export interface LogDifference {
  readonly first: CertificationLog
  readonly other: CertificationLog
  readonly lines: readonly string[]
}

/** For each log the earliest of those before it from which it differs; none where all are alike. */
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

/** Logs that are not seeds of one configuration: of other settings or images, or where one alone has a `.json`. */
export function seedDifferences(logs: readonly CertificationLog[]): LogDifference[] {
  return differencesAmong(logs, (first, other) => [
    ...((first.metadata === undefined) === (other.metadata === undefined)
      ? []
      : ['only one of them says how it was certified']),
    ...settingDifferences(first, other),
    ...imageDifferences(first, other),
  ])
}

/** Logs of other images. */
export function imageDifferencesAmong(logs: readonly CertificationLog[]): LogDifference[] {
  return differencesAmong(logs, imageDifferences)
}

/** Logs that do not compare image by image: of other settings or images. */
export function comparisonDifferences(logs: readonly CertificationLog[]): LogDifference[] {
  return differencesAmong(logs, (first, other) => [
    ...settingDifferences(first, other),
    ...imageDifferences(first, other),
  ])
}

/** A sentence for each difference. */
export function sayDifferences(differences: readonly LogDifference[]): string[] {
  return differences.map(
    ({ first, other, lines }) => `${first.file} and ${other.file} differ: ${lines.join('; ')}.`,
  )
}

/**
 * Refuses to average logs that are not seeds of one configuration, see `seedDifferences`.
 *
 * @param what - What the logs are, for the message.
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
 * Refuses logs of other images.
 *
 * @param what - What is compared, for the message.
 * @throws ConfigError that names two logs and lists every difference between them
 */
export function requireSameImages(what: string, logs: readonly CertificationLog[]): void {
  refuseFirst(imageDifferencesAmong(logs), {
    say: (first, other) => `${what} must be of the same images, but ${first} and ${other} are not`,
    remedy: 'Certify the same images, or give them different labels and do not compare these.',
  })
}

/**
 * Refuses to compare logs image by image that differ in settings or images.
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
