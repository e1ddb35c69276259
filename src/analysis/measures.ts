import type { CertificationRow } from '../logs/certification-log'
import { classTitles } from '../logs/class-names'
import { ACR, overSeeds, radiusColumns } from './accuracy-table'
import { abstentionRate, averageCertifiedRadius, lInfinityRadius } from './certified-accuracy'
import { bestOverRuns } from './envelope'
import { normOf, normOfMethods } from './norm'
import type { Method, Run } from './runs'
import { differingSettings } from './settings'
import type { Cell, Column, Table } from './tables'

/** An l∞ radius on the [0, 1] pixel scale, and its notation: `2/255`. */
export interface Epsilon {
  readonly text: string
  readonly value: number
}

/** Returns certified accuracy in percent at radii, abstention and ACR, one row per method; for an envelope, in the form of Table 1. */
export function summaryTable(methods: readonly Method[], radii: readonly number[]): Table {
  const severalSeeds = methods.some(({ runs }) => runs.some(({ logs }) => logs.length > 1))
  const isEnvelope = methods.some(({ runs }) => runs.length > 1)
  // An envelope is not a classifier: it has neither an average radius nor an abstention rate.
  const hasAverages = methods.some(({ runs }) => runs.length === 1)
  const caption = [
    `Certified accuracy in percent at ${normOfMethods(methods)} radius r`,
    ...(isEnvelope
      ? ['of an envelope the best configuration at each radius, with its accuracy at radius 0 in parentheses']
      : []),
    ...(hasAverages ? [`abstention in percent, and ${ACR}`] : []),
    ...(severalSeeds ? ['mean ± standard deviation over seeds'] : []),
  ].join('; ')
  return withSettings(methods, {
    caption,
    columns: [
      ...radiusColumns(radii, { best: 'largest' }),
      ...(hasAverages
        ? [
            { header: 'abstained', digits: 1 },
            { header: 'ACR', digits: 3 },
          ]
        : []),
    ],
    cells: method => [
      ...(method.runs.length > 1 ? envelopeCells(method, radii) : accuraciesOf(method, radii)),
      ...(hasAverages ? [ofOneRun(method, rows => 100 * abstentionRate(rows)), acrOf(method)] : []),
    ],
  })
}

/** The form of Table 1, without deviations over seeds. */
function envelopeCells({ runs }: Method, radii: readonly number[]): Cell[] {
  const mean = (share: ReturnType<typeof overSeeds>) => 100 * (typeof share === 'number' ? share : share.mean)
  return bestOverRuns(runs, radii).map(({ accuracy, cleanAccuracy }) => ({
    value: mean(accuracy),
    clean: mean(cleanAccuracy),
  }))
}

/** Returns the origin of an envelope: a row per method and radius, with the accuracy at radius 0 that Table 1 prints in parentheses. */
export function envelopeTable(methods: readonly Method[], radii: readonly number[]): Table {
  return {
    caption: `The configuration that is best at each ${normOfMethods(methods)} radius r, with its certified and its clean accuracy in percent`,
    columns: [
      { header: 'method' },
      { header: 'r' },
      { header: 'certified', digits: 1 },
      { header: 'clean', digits: 1 },
      { header: 'best' },
    ],
    rows: methods.flatMap(({ name, runs }) =>
      bestOverRuns(runs, radii).map(({ radius, accuracy, cleanAccuracy, run }) => [
        name,
        radius,
        inPercent(accuracy),
        inPercent(cleanAccuracy),
        run.name,
      ]),
    ),
  }
}

/** Returns certified accuracy in percent at ℓ∞ radii, derived from the ℓ2 certificates. */
export function lInfinityTable(
  methods: readonly Method[],
  { dimensions, epsilons }: { readonly dimensions: number; readonly epsilons: readonly Epsilon[] },
): Table {
  return withSettings(methods, {
    caption: `Certified accuracy in percent at ℓ∞ radius ε: an ℓ2 radius r certifies ε = r / √${dimensions}`,
    columns: epsilons.map(({ text }) => ({ header: `ε = ${text}`, digits: 1 })),
    cells: method => lInfinityAccuraciesOf(method, { dimensions, epsilons }),
  })
}

export function lInfinityAccuraciesOf(
  { runs }: Method,
  { dimensions, epsilons }: { readonly dimensions: number; readonly epsilons: readonly Epsilon[] },
): Cell[] {
  const converted = runs.map(({ logs, allowDifferent }) => ({
    allowDifferent,
    logs: logs.map(({ rows }) => ({
      rows: rows.map(row => ({ ...row, radius: lInfinityRadius(row.radius, dimensions) })),
    })),
  }))
  return bestOverRuns(
    converted,
    epsilons.map(({ value }) => value),
  ).map(({ accuracy }) => inPercent(accuracy))
}

/** Returns certified accuracy in percent at ℓ2 radii. */
export function accuraciesOf({ runs }: Method, radii: readonly number[]): Cell[] {
  return bestOverRuns(runs, radii).map(({ accuracy }) => inPercent(accuracy))
}

/** Returns the ACR; null for an envelope, which is not a single classifier. */
export function acrOf(method: Method): Cell {
  return ofOneRun(method, averageCertifiedRadius)
}

/** Returns certified accuracy within each class of one run. */
export function perClassTable({ name, logs, allowDifferent }: Run, radii: readonly number[]): Table {
  const labels = [...new Set(logs.flatMap(({ rows }) => rows.map(({ label }) => label)))].sort(
    (a, b) => a - b,
  )
  const titleOf = classTitles(logs)
  return {
    caption: `${name}: certified accuracy in percent at ${normOf(logs)} radius r, and ${ACR}, by class`,
    columns: [
      { header: 'class' },
      { header: 'images' },
      ...radiusColumns(radii),
      { header: 'ACR', digits: 3 },
    ],
    rows: labels.map(label => {
      const ofLabel = logs.map(({ rows }) => ({ rows: rows.filter(row => row.label === label) }))
      // Logs of different images may lack a class.
      const own = ofLabel.filter(({ rows }) => rows.length > 0)
      const run = { logs: own, allowDifferent }
      return [
        titleOf(label),
        own[0]?.rows.length ?? 0,
        ...bestOverRuns([run], radii).map(({ accuracy }) => inPercent(accuracy)),
        overSeeds(own.map(({ rows }) => averageCertifiedRadius(rows))),
      ]
    }),
  }
}

/** Returns one row per method, with a column for each setting in which they differ. */
function withSettings(
  methods: readonly Method[],
  {
    caption,
    columns,
    cells,
  }: { caption: string; columns: readonly Column[]; cells: (method: Method) => readonly Cell[] },
): Table {
  const settings = differingSettings(methods)
  return {
    caption,
    columns: [{ header: 'method' }, ...settings.map(({ column }) => column), ...columns],
    rows: methods.map((method, position) => [
      method.name,
      ...settings.map(setting => setting.cells[position] ?? null),
      ...cells(method),
    ]),
  }
}

function ofOneRun({ runs }: Method, measure: (rows: readonly CertificationRow[]) => number): Cell {
  const [run, ...others] = runs
  return run === undefined || others.length > 0 ? null : overSeeds(run.logs.map(({ rows }) => measure(rows)))
}

function inPercent(share: ReturnType<typeof overSeeds>): ReturnType<typeof overSeeds> {
  return typeof share === 'number'
    ? 100 * share
    : { mean: 100 * share.mean, deviation: 100 * share.deviation }
}
