import { ConfigError } from '../errors'
import { didYouMean } from '../files/nearest-name'
import { radiusColumns } from './accuracy-table'
import { defaultRadii } from './default-radii'
import { chooseRows } from './frontier/choose-rows'
import { frontierRows, frontierTable } from './frontier/frontier'
import { type HighProbabilityOptions, highProbabilityTable } from './high-probability'
import { comparisonDifferences, requireComparable, sayDifferences } from './log-differences'
import { type Epsilon, envelopeTable, lInfinityTable, perClassTable, summaryTable } from './measures'
import { normOf, requireL2, requireOneNorm } from './norm'
import { comparePaired } from './paired-comparison'
import { paperComparison } from './paper-comparison'
import { paperTable } from './paper-tables'
import { groupLogs, type LabelledLog, type Method, type Run } from './runs'
import { notesOn, uncheckedNote } from './settings'
import type { Table } from './tables'
import { expectedTable } from './votes/charts'

export interface AnalyzeOptions {
  /** Whether to take the best of a label's configurations at each radius. Default: false. */
  readonly envelope?: boolean
  /**
   * Radii on the [0, 1] pixel scale, in the norm of the logs. Default: steps of 0.25, or smaller ones if the largest certified
   * radius is below 0.5.
   */
  readonly radii?: readonly number[] | undefined
  /** Adds lower bounds that hold with high probability. */
  readonly highProbability?: HighProbabilityOptions | undefined
  /** Adds accuracies at ℓ∞ radii. `dimensions`: number of values in an image. */
  readonly lInfinity?: { readonly dimensions: number; readonly epsilons: readonly Epsilon[] } | undefined
  /** Whether to make a table by class for each run. Default: false. */
  readonly perClass?: boolean
  /** Compares the methods with these tables of the paper, see `paperTableNames`. */
  readonly paper?: readonly string[] | undefined
  /** Compares the methods with later publications on these data, see `assets/frontier.json`. */
  readonly frontier?: 'cifar10' | 'imagenet' | undefined
  /** Rows of the paper or of later publications, by prefix. Default: all. */
  readonly rows?: readonly string[] | undefined
  /** Adds the expected figures for these numbers of votes, from the counts of the logs. */
  readonly expectedAt?: readonly number[] | undefined
  /** Adds the paired comparison of two labels. */
  readonly compare?: readonly [first: string, second: string] | undefined
  /**
   * Averages, takes the best of, or compares logs despite differences that are normally refused. Every table then states them, and methods
   * are marked ` (mixed)`. A paired comparison still needs the same images. Default: false.
   */
  readonly allowDifferent?: boolean
}

export interface Analysis {
  readonly methods: readonly Method[]
  readonly radii: readonly number[]
  /** The summary first, then what the options add. */
  readonly tables: readonly Table[]
  /** A table for each run; empty unless requested. */
  readonly perClass: readonly Table[]
  /** Notes for reading the figures correctly: partial logs, differing settings. */
  readonly notes: readonly string[]
}

/**
 * Computes the figures of certification logs. Logs that share a label are averaged as seeds of one configuration, or with `envelope` are
 * configurations to take the best of. Each label has its own rows. All logs must have the same norm.
 *
 * @throws as `groupLogs`, `certifiedAccuracy`, `highProbabilityTable`, `lInfinityCertifiedAccuracy`, `paperTable`, `paperComparison`,
 *   `comparePaired`, `requireOneNorm` and `requireL2`; ConfigError if a label to compare does not exist, is an envelope, or was certified
 *   with other settings or on other images
 */
export function analyze(logs: readonly LabelledLog[], options: AnalyzeOptions = {}): Analysis {
  const { envelope = false, perClass = false, highProbability, lInfinity, paper = [], compare } = options
  const { allowDifferent = false, frontier, expectedAt, rows: named } = options
  const methods = groupLogs(logs, { envelope, allowDifferent })
  const own = logs.map(({ log }) => log)
  requireOneNorm(own)
  if (lInfinity !== undefined) requireL2('Accuracy at ℓ∞ radii', own)
  if (paper.length > 0) requireL2('The paper', own)
  if (frontier !== undefined) requireL2('What is published', own)
  const differences = methods.flatMap(method => method.differences)
  const withNotes = (table: Table): Table =>
    differences.length === 0
      ? table
      : { ...table, notes: [...new Set([...differences, ...(table.notes ?? [])])] }
  const radii = options.radii ?? defaultRadii(own)
  const papers = paper.map(paperTable).map(table => ({
    ...table,
    rows: chooseRows(table.rows, named, ({ label }) => label),
  }))
  const needsEnvelope = papers.some(({ title }) => title === 'Table 1') && !envelope
  return {
    methods,
    radii,
    tables: [
      summaryTable(methods, radii),
      ...(methods.some(({ runs }) => runs.length > 1) ? [envelopeTable(methods, radii)] : []),
      ...(highProbability === undefined ? [] : [highProbabilityTable(methods, radii, highProbability)]),
      ...(lInfinity === undefined ? [] : [lInfinityTable(methods, lInfinity)]),
      ...papers.flatMap(table => paperComparison(methods, table, { dimensions: lInfinity?.dimensions })),
      ...(frontier === undefined ? [] : [publishedTable(methods, { data: frontier, named })]),
      ...(expectedAt === undefined ? [] : [expectedTable(methods, radii, expectedAt)]),
      ...(compare === undefined ? [] : [comparisonTable(methods, compare, { radii, allowDifferent })]),
    ].map(withNotes),
    perClass: perClass
      ? methods.flatMap(({ runs }) => runs.map(run => withNotes(perClassTable(run, radii))))
      : [],
    notes: [
      ...differences,
      ...notesOn(methods),
      ...uncheckedNote(methods),
      ...(needsEnvelope
        ? [
            "The paper's Table 1 takes the best over σ at each radius, which only an envelope of the logs does too.",
          ]
        : []),
    ],
  }
}

function publishedTable(
  methods: readonly Method[],
  { data, named }: { readonly data: string; readonly named: readonly string[] | undefined },
): Table {
  const rows = frontierRows().filter(row => row.data === data)
  return frontierTable(
    methods,
    chooseRows(rows, named, ({ method }) => method),
  )
}

/** Returns the paired comparison of two labels, with figures as columns. */
function comparisonTable(
  methods: readonly Method[],
  [first, second]: readonly [string, string],
  { radii, allowDifferent }: { readonly radii: readonly number[]; readonly allowDifferent: boolean },
): Table {
  const [a, b] = [onlyRun(methods, first), onlyRun(methods, second)]
  const compared = [...a.logs, ...b.logs]
  if (!allowDifferent) requireComparable(compared)
  const notes = sayDifferences(comparisonDifferences(compared))
  const confidence = 0.95
  const { averageCertifiedRadius, certifiedAccuracy, images } = comparePaired(
    a.logs.map(({ rows }) => rows),
    b.logs.map(({ rows }) => rows),
    { radii, confidence },
  )
  const line = (name: string, key: 'first' | 'second' | 'difference' | 'lower' | 'upper') => [
    name,
    ...certifiedAccuracy.map(figures => 100 * figures[key]),
    averageCertifiedRadius[key],
  ]
  return {
    caption: `${a.name} and ${b.name} on the same ${images} images: certified accuracy in percent at ${normOf(compared)} radius r and ACR, with ${100 * confidence} % bootstrap intervals over images, each separately`,
    columns: [{ header: 'figure' }, ...radiusColumns(radii), { header: 'ACR', digits: 3 }],
    rows: [
      line(a.name, 'first'),
      line(b.name, 'second'),
      line('difference', 'difference'),
      line('at least', 'lower'),
      line('at most', 'upper'),
    ],
    ...(notes.length > 0 && { notes }),
  }
}

function onlyRun(methods: readonly Method[], label: string): Run {
  const method = methods.find(candidate => candidate.label === label)
  const [run, ...others] = method?.runs ?? []
  if (run === undefined) {
    const labels = methods.map(known => known.label)
    throw new ConfigError(
      `No log is labelled ${JSON.stringify(label)}, expected one of ${labels.map(known => JSON.stringify(known)).join(', ')}.${didYouMean(label, labels)}`,
      { remedy: 'Compare two of these.' },
    )
  }
  if (others.length === 0) return run
  throw new ConfigError(`${JSON.stringify(label)} is an envelope of several configurations, expected one.`, {
    remedy: 'Compare logs of one configuration each, without an envelope.',
  })
}
