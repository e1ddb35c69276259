import { ConfigError } from '../errors'
import { didYouMean } from '../files/nearest-name'
import { labelRadius } from '../logs/certification-log'
import { type HighProbabilityOptions, highProbabilityTable } from './high-probability'
import { type Epsilon, envelopeTable, lInfinityTable, perClassTable, summaryTable } from './measures'
import { comparePaired } from './paired-comparison'
import { paperComparison } from './paper-comparison'
import { paperTable } from './paper-tables'
import { groupLogs, type LabelledLog, type Method, type Run, requireSameData } from './runs'
import { notesOn, uncheckedNote } from './settings'
import type { Table } from './tables'

export interface AnalyzeOptions {
  /** Take at each radius the best of a label's configurations. Default: false. */
  readonly envelope?: boolean
  /** ℓ2 radii on the [0, 1] pixel scale. Default: 0, 0.25, ... up to the largest certified radius. */
  readonly radii?: readonly number[] | undefined
  /** Adds lower bounds that hold with high probability. */
  readonly highProbability?: HighProbabilityOptions | undefined
  /** Adds accuracies at ℓ∞ radii. `dimensions`: numbers in an image. */
  readonly lInfinity?: { readonly dimensions: number; readonly epsilons: readonly Epsilon[] } | undefined
  /** Makes a table by class for each run. Default: false. */
  readonly perClass?: boolean
  /** Sets the methods beside these tables of the paper, see `paperTableNames`. */
  readonly paper?: readonly string[] | undefined
  /** Adds the paired comparison of two labels. */
  readonly compare?: readonly [first: string, second: string] | undefined
}

export interface Analysis {
  readonly methods: readonly Method[]
  readonly radii: readonly number[]
  /** The summary first, then what the options add. */
  readonly tables: readonly Table[]
  /** A table for each run; none unless asked for. */
  readonly perClass: readonly Table[]
  /** What a reader must know to read the figures right: partial logs, differing settings. */
  readonly notes: readonly string[]
}

/**
 * The figures of certification logs. Logs that share a label are seeds of one configuration and averaged, with `envelope`
 * configurations to take the best of; logs of other labels get rows of their own.
 *
 * @throws as `groupLogs`, `certifiedAccuracy`, `highProbabilityTable`, `lInfinityCertifiedAccuracy`, `paperTable`,
 * `paperComparison` and `comparePaired`; ConfigError for a label to compare that is none, or is an envelope, or is of other data
 */
export function analyze(logs: readonly LabelledLog[], options: AnalyzeOptions = {}): Analysis {
  const { envelope = false, perClass = false, highProbability, lInfinity, paper = [], compare } = options
  const methods = groupLogs(logs, { envelope })
  const radii = options.radii ?? quartersTo(largestRadius(logs))
  const papers = paper.map(paperTable)
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
      ...(compare === undefined ? [] : [comparisonTable(methods, compare, radii)]),
    ],
    perClass: perClass ? methods.flatMap(({ runs }) => runs.map(run => perClassTable(run, radii))) : [],
    notes: [
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

/** The paired comparison of two labels, figures as columns. */
function comparisonTable(
  methods: readonly Method[],
  [first, second]: readonly [string, string],
  radii: readonly number[],
): Table {
  const [a, b] = [onlyRun(methods, first), onlyRun(methods, second)]
  requireSameData('Logs that are compared image by image', [...a.logs, ...b.logs])
  const confidence = 0.95
  const { averageCertifiedRadius, certifiedAccuracy, images } = comparePaired(
    a.logs.map(({ rows }) => rows),
    b.logs.map(({ rows }) => rows),
    { radii, confidence },
  )
  const line = (name: string, key: 'first' | 'second' | 'difference' | 'lower' | 'upper') => [
    name,
    averageCertifiedRadius[key],
    ...certifiedAccuracy.map(figures => 100 * figures[key]),
  ]
  return {
    caption: `${a.name} and ${b.name} on the same ${images} images: ACR and certified accuracy in percent at ℓ2 radius r, with ${100 * confidence} % bootstrap intervals over images, each by itself`,
    columns: [
      { header: 'figure' },
      { header: 'ACR', digits: 3 },
      ...radii.map(radius => ({ header: `r = ${radius}`, digits: 1 })),
    ],
    rows: [
      line(a.name, 'first'),
      line(b.name, 'second'),
      line('difference', 'difference'),
      line('at least', 'lower'),
      line('at most', 'upper'),
    ],
  }
}

function onlyRun(methods: readonly Method[], label: string): Run {
  const method = methods.find(candidate => candidate.label === label)
  const [run, ...others] = method?.runs ?? []
  if (run === undefined) {
    const labels = methods.map(known => known.label)
    throw new ConfigError(
      `There is no log labelled ${JSON.stringify(label)}, expected one of ${labels.map(known => JSON.stringify(known)).join(', ')}.${didYouMean(label, labels)}`,
      { remedy: 'Compare two of these.' },
    )
  }
  if (others.length === 0) return run
  throw new ConfigError(`${JSON.stringify(label)} is an envelope of several configurations, expected one.`, {
    remedy: 'Compare logs of one configuration each, without an envelope.',
  })
}

function largestRadius(logs: readonly LabelledLog[]): number {
  const radii = logs.flatMap(({ log }) => log.rows.map(row => labelRadius(row) ?? 0))
  return radii.reduce((a, b) => Math.max(a, b), 0)
}

function quartersTo(largest: number): number[] {
  return Array.from({ length: Math.floor(4 * largest) + 1 }, (_, quarter) => quarter / 4)
}
