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

/** The logs of one configuration, which differ by their seed alone, but with `allowDifferent`. */
export interface Run {
  /** The label; where a method has several runs, what tells them apart as well. A partial log adds ` (partial)`. */
  readonly name: string
  readonly logs: readonly CertificationLog[]
  /** Of the first log; undefined when the logs do not say how they were certified. */
  readonly configuration: CertificationConfiguration | undefined
  /** Whether its logs may be of different images: they are averaged all the same. */
  readonly allowDifferent?: boolean
}

/** What one label names: one run, or with `envelope` one for each configuration, usually one for each sigma. */
export interface Method {
  readonly label: string
  /** The label; ` (partial)` is added where one of its logs is partial, ` (mixed)` where there are differences. */
  readonly name: string
  readonly runs: readonly Run[]
  /** In what its logs differ though they must not, a sentence for each; with `allowDifferent` alone there are any. */
  readonly differences: readonly string[]
}

/**
 * Sorts logs by label, in the order in which the labels come. Logs of one label are seeds of one configuration, to be
 * averaged; with `envelope`, logs of different configurations are different runs, and so is each log that does not say
 * how it was certified. An envelope is of one set of images.
 *
 * @param options.allowDifferent take logs that differ all the same; methods then say in what
 * @throws ConfigError when logs that would be averaged differ in their configuration, other than by the seed and the
 * trained networks, or logs of one label hold other images; DataError for a log without rows
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
