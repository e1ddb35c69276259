import { basename } from 'node:path'
import { showValue } from '../config/differences'
import { ConfigError, DataError } from '../errors'
import { type CertificationLog, missingImages } from '../logs/certification-log-file'
import { type CertificationConfiguration, configurationDifferences } from '../logs/certification-log-metadata'

export interface LabelledLog {
  readonly label: string
  readonly log: CertificationLog
}

/** The logs of one configuration, which differ by their seed alone. */
export interface Run {
  /** The label; where a method has several runs, what tells them apart as well. A partial log adds ` (partial)`. */
  readonly name: string
  readonly logs: readonly CertificationLog[]
  /** Of the first log; undefined when the logs do not say how they were certified. */
  readonly configuration: CertificationConfiguration | undefined
}

/** What one label names: one run, or with `envelope` one for each configuration, usually one for each sigma. */
export interface Method {
  readonly label: string
  /** The label; ` (partial)` is added where one of its logs is partial. */
  readonly name: string
  readonly runs: readonly Run[]
}

/**
 * Sorts logs by label, in the order in which the labels come. Logs of one label are seeds of one configuration, to be
 * averaged; with `envelope`, logs of different configurations are different runs, and so is each log that does not say
 * how it was certified.
 *
 * @throws ConfigError when logs that would be averaged differ in their configuration, other than by the seed and the
 * trained networks, or hold other images; DataError for a log without rows
 */
export function groupLogs(
  logs: readonly LabelledLog[],
  { envelope = false }: { readonly envelope?: boolean } = {},
): Method[] {
  const byLabel = new Map<string, CertificationLog[]>()
  for (const { label, log } of logs) {
    if (log.rows.length === 0) {
      throw new DataError(`${log.file} has no whole row, expected at least one.`, {
        remedy: 'Leave the log out, or certify at least one image.',
      })
    }
    byLabel.set(label, [...(byLabel.get(label) ?? []), log])
  }
  return [...byLabel].map(([label, own]) => {
    const groups = envelope ? byConfiguration(own) : [own]
    for (const group of groups) requireSeeds(label, group)
    requireSameData(`The logs of "${label}"`, own)
    const details = distinctions(groups)
    const runs = groups.map(
      (group, position): Run => ({
        name: marked(groups.length === 1 ? label : `${label}, ${details[position]}`, group),
        logs: group,
        configuration: group[0]?.metadata?.configuration,
      }),
    )
    return { label, name: marked(label, own), runs }
  })
}

/**
 * What tells the runs of one label apart, in a few words for tables and legends: their sigma if that does, else where
 * the names of their first logs differ, else the paths of these.
 */
function distinctions(groups: readonly (readonly CertificationLog[])[]): string[] {
  const firsts = groups.flatMap(([log]) => log ?? [])
  const sigmas = firsts.flatMap(({ metadata }) =>
    metadata === undefined ? [] : `σ = ${metadata.configuration.sigma}`,
  )
  const names = withoutCommonWords(firsts.map(({ file }) => fileName(file)))
  const distinct = [sigmas, names].find(candidate => new Set(candidate).size === firsts.length)
  return distinct ?? firsts.map(({ file }) => file)
}

/** The names from the first word on in which they differ: `sigma0.25` of `cifar10-sigma0.25`. */
function withoutCommonWords(names: readonly string[]): string[] {
  const words = names.map(name => name.split(/(?<=[-_ ])/))
  const [first = []] = words
  const differs = first.findIndex((word, position) => words.some(other => other[position] !== word))
  return words.map(own => own.slice(Math.max(differs, 0)).join(''))
}

/** A name for each log of a run: that of the run, with the seed or the path where there are several. */
export function logNames({ name, logs }: Run): string[] {
  if (logs.length === 1) return [name]
  const seeds = logs.flatMap(({ metadata }) => metadata?.configuration.seed ?? [])
  const bySeed = new Set(seeds).size === logs.length
  return logs.map(({ file }, position) => (bySeed ? `${name}, seed ${seeds[position]}` : `${name}: ${file}`))
}

/** The name of a log's file, without the endings that logs usually have. */
export function fileName(path: string): string {
  return basename(path).replace(/\.(tsv|txt|log)$/, '')
}

/** Whether the log ends within a row, lacks images that were planned, or is a share of a larger plan. */
export function isPartial(log: CertificationLog): boolean {
  const { share } = log.metadata ?? {}
  return log.partial !== undefined || missingImages(log).length > 0 || (share?.of ?? 1) > 1
}

function marked(name: string, logs: readonly CertificationLog[]): string {
  return logs.some(isPartial) ? `${name} (partial)` : name
}

function byConfiguration(logs: readonly CertificationLog[]): CertificationLog[][] {
  const groups: CertificationLog[][] = []
  for (const log of logs) {
    const same = groups.find(
      ([first]) => first?.metadata && log.metadata && statementDifferences(first, log).length === 0,
    )
    if (same === undefined) groups.push([log])
    else same.push(log)
  }
  return groups
}

/** What seeds of one configuration may differ in: the seed, the rule by which noise follows from it, and the networks that it led to. */
const OF_A_SEED = /^(seed|streams|classifier|models)(\.|$)/

function differencesOf({ metadata: a }: CertificationLog, { metadata: b }: CertificationLog) {
  return configurationDifferences(a?.configuration ?? null, b?.configuration ?? null)
}

function statementDifferences(a: CertificationLog, b: CertificationLog) {
  return differencesOf(a, b).filter(({ field }) => !OF_A_SEED.test(field))
}

function requireSeeds(label: string, [first, ...others]: readonly CertificationLog[]): void {
  if (first === undefined) return
  for (const other of others) {
    const differences = statementDifferences(first, other)
    if (differences.length > 0) {
      const list = differences.map(({ field, before, after }) =>
        field === ''
          ? '  only one of them says how it was certified'
          : `  ${field}: ${showValue(before)} and ${showValue(after)}`,
      )
      throw new ConfigError(
        `The logs of "${label}" would be averaged, but ${first.file} and ${other.file} were certified differently:\n${list.join('\n')}\n`,
        { remedy: 'Give them different labels, or take the best of them at each radius with --envelope.' },
      )
    }
    if (imagesOf(first) !== imagesOf(other)) {
      throw new ConfigError(
        `The logs of "${label}" would be averaged, but ${first.file} (${first.rows.length}) and ${other.file} (${other.rows.length}) hold different images.`,
        { remedy: 'Finish the shorter log, or give them different labels.' },
      )
    }
  }
}

/**
 * In what the images of two logs differ, of those that have the same numbers: what the logs say of their data, and the
 * pixels of a row by their digest; one line each. What logs do not say is not compared.
 */
export function dataDifferences(first: CertificationLog, other: CertificationLog): string[] {
  const ofData =
    first.metadata && other.metadata
      ? differencesOf(first, other).filter(({ field }) => /^data\.(classNames|digest)$/.test(field))
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

/**
 * Refuses logs of other data, see {@link dataDifferences}.
 *
 * @param what - What is compared, for the message.
 * @throws ConfigError that names both logs
 */
export function requireSameData(what: string, [first, ...others]: readonly CertificationLog[]): void {
  if (first === undefined) return
  for (const other of others) {
    const lines = dataDifferences(first, other).map(line => `  ${line}`)
    if (lines.length === 0) continue
    throw new ConfigError(
      `${what} must be of the same images, but ${first.file} and ${other.file} are not:\n${lines.join('\n')}\n`,
      { remedy: 'Certify the same images, or give them different labels and do not compare these.' },
    )
  }
}

function imagesOf({ rows }: CertificationLog): string {
  return rows
    .map(({ index, label }) => `${index}:${label}`)
    .sort()
    .join()
}
