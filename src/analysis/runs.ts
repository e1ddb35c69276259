import { basename } from 'node:path'
import { DataError } from '../errors'
import { type CertificationLog, missingImages } from '../logs/certification-log-file'
import type { CertificationConfiguration } from '../logs/certification-log-metadata'
import {
  imageDifferencesAmong,
  requireSameImages,
  requireSeeds,
  sayDifferences,
  seedDifferences,
  statementDifferences,
} from './log-differences'

export interface LabelledLog {
  readonly label: string
  readonly log: CertificationLog
}

/** The logs of one configuration, which differ only by their seed unless `allowDifferent` is set. */
export interface Run {
  /** The label; if a method has several runs, also what distinguishes them. A partial log adds ` (partial)`. */
  readonly name: string
  readonly logs: readonly CertificationLog[]
  /** Configuration of the first log; undefined if the logs do not state it. */
  readonly configuration: CertificationConfiguration | undefined
  /** Whether to average its logs even if they are of different images. */
  readonly allowDifferent?: boolean
}

/** The runs of one label: a single run, or with `envelope` one per configuration, usually one per sigma. */
export interface Method {
  readonly label: string
  /** The label, plus ` (partial)` if one of its logs is partial, and ` (mixed)` if there are differences. */
  readonly name: string
  readonly runs: readonly Run[]
  /** Sentences about normally refused differences between its logs; empty unless `allowDifferent`. */
  readonly differences: readonly string[]
}

/**
 * Groups logs by label, in order of first appearance. Logs of one label are averaged as seeds of one configuration. With `envelope`, logs
 * of different configurations are different runs, and so is each log without a configuration. An envelope requires the same images
 * throughout.
 *
 * @param options - `allowDifferent`: accept different logs; methods then list the differences
 * @throws ConfigError if logs to average differ in their configuration, other than by the seed and the trained networks, or logs of one
 *   label hold other images; DataError for a log without rows
 */
export function groupLogs(
  logs: readonly LabelledLog[],
  {
    envelope = false,
    allowDifferent = false,
  }: { readonly envelope?: boolean; readonly allowDifferent?: boolean } = {},
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
    if (!allowDifferent) {
      for (const group of groups) requireSeeds(`The logs of "${label}"`, group)
      requireSameImages(`The logs of "${label}"`, own)
    }
    const details = distinctions(groups)
    const runs = groups.map((group, position): Run => {
      const isMixed = seedDifferences(group).length > 0
      const name = groups.length === 1 ? label : `${label}, ${details[position]}`
      return {
        name: marked(name, group, { isMixed }),
        logs: group,
        configuration: group[0]?.metadata?.configuration,
        ...(isMixed && { allowDifferent }),
      }
    })
    const firsts = groups.flatMap(([first]) => first ?? [])
    const differences = sayDifferences([...groups.flatMap(seedDifferences), ...imageDifferencesAmong(firsts)])
    return { label, name: marked(label, own, { isMixed: differences.length > 0 }), runs, differences }
  })
}

/**
 * Returns what distinguishes the runs of one label, in a few words for tables and legends: their sigma if it suffices, else the differing
 * part of the names of their first logs, else the paths of these.
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

/** Drops the words that all names start with: `sigma0.25` for `cifar10-sigma0.25`. */
function withoutCommonWords(names: readonly string[]): string[] {
  const words = names.map(name => name.split(/(?<=[-_ ])/))
  const [first = []] = words
  const differs = first.findIndex((word, position) => words.some(other => other[position] !== word))
  return words.map(own => own.slice(Math.max(differs, 0)).join(''))
}

/** Returns a name for each log of a run: that of the run, with the seed or the path if there are several. */
export function logNames({ name, logs }: Run): string[] {
  if (logs.length === 1) return [name]
  const seeds = logs.flatMap(({ metadata }) => metadata?.configuration.seed ?? [])
  const bySeed = new Set(seeds).size === logs.length
  return logs.map(({ file }, position) => (bySeed ? `${name}, seed ${seeds[position]}` : `${name}: ${file}`))
}

/** Returns the file name of a log, without its usual extensions. */
export function fileName(path: string): string {
  return basename(path).replace(/\.(tsv|txt|log)$/, '')
}

/** Returns whether the log ends within a row, lacks planned images, or is a share of a larger plan. */
export function isPartial(log: CertificationLog): boolean {
  const { share } = log.metadata ?? {}
  return log.partial !== undefined || missingImages(log).length > 0 || (share?.of ?? 1) > 1
}

function marked(
  name: string,
  logs: readonly CertificationLog[],
  { isMixed }: { readonly isMixed: boolean },
): string {
  return `${name}${logs.some(isPartial) ? ' (partial)' : ''}${isMixed ? ' (mixed)' : ''}`
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
