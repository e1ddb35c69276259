import {
  type CurveOptions,
  type MetricPanel,
  type MetricPoint,
  metricChart,
} from '../../analysis/metric-curves'
import type { Chart, ReportSection } from '../../analysis/report'
import type { MetricTable } from '../../objectives/metrics'
import type { RunRecord } from '../read-run'
import type { EpochReport, UpdateReport } from '../reports'
import {
  COST,
  type CurvePlan,
  curvesOf,
  DEVICE,
  type Line,
  LOSS,
  LOSS_SCALE,
  OPTIMISATION,
} from './curve-plans'
import { constantOf, distinctSeries, sameCurves } from './plain-curves'

/** The curves of fine-tuning runs, as sections of a report. */

export interface NamedRun {
  readonly name: string
  readonly run: RunRecord
}

/** A metric of the runs, before drawing. */
interface Curve {
  readonly key: string
  readonly panel: MetricPanel
  readonly caption: string
  readonly isExact: boolean
  readonly along: CurveOptions['along']
}

/** Charts shown unfolded at the top of the page. */
const SHOWN_CHARTS = 4
const LARGE = { width: 560, height: 260 }
const NARROW = { width: 340, height: 220 }

/**
 * Returns test accuracy, the loss and the most important metrics of the objective as large charts, and the others folded.
 * Describes constant and repeated curves in words. Returns nothing before the first update.
 */
export async function curveSections(runs: readonly NamedRun[]): Promise<ReportSection[]> {
  const groups = groupsOf(runs)
  const all = groups.flatMap(({ curves }) => curves)
  if (all.length === 0) return []
  const repeated = sameCurves(all)
  const drawn = all.filter(
    curve => hasValues(curve) && !repeated.has(curve) && constantOf(curve.panel) === undefined,
  )
  const first = mostTelling(runs, drawn)
  const others = await Promise.all(
    groups.map(async ({ title, curves }): Promise<ReportSection[]> => {
      const rest = curves.filter(curve => drawn.includes(curve) && !first.includes(curve))
      const note = notesOf(curves, repeated)
      if (rest.length === 0 && note === '') return []
      const charts = await Promise.all(rest.map(curve => chartOf(curve, runs)))
      return [{ kind: 'charts', title, isFolded: true, charts, ...(note !== '' && { note }) }]
    }),
  )
  const charts = await Promise.all(first.map(curve => chartOf(curve, runs, { isLarge: true })))
  return [{ kind: 'charts', title: 'Training', charts, note: smoothingNote(runs) }, ...others.flat()]
}

function hasValues({ panel }: Curve): boolean {
  return panel.series.some(({ points }) => points.some(({ value }) => Number.isFinite(value)))
}

/** Returns all metrics with values, by section of the page. */
function groupsOf(
  runs: readonly NamedRun[],
): { readonly title: string; readonly curves: readonly Curve[] }[] {
  const some = (test: (update: UpdateReport) => boolean) => runs.some(({ run }) => run.updates.some(test))
  const byUpdate = (plans: readonly CurvePlan<UpdateReport>[]) =>
    plans.map(plan =>
      curveOf(plan, runs, { rows: run => run.updates, at: row => row.step, along: 'training step' }),
    )
  const byEpoch = curvesOf<EpochReport>(tableOf(runs, run => run.metadata.objective.evaluation.metrics)).map(
    plan => curveOf(plan, runs, { rows: run => run.epochs, at: row => row.epoch, along: 'epoch' }),
  )
  const hasUpdates = some(() => true)
  return [
    ...(runs.some(({ run }) => run.epochs.length > 0) ? [{ title: 'Test images', curves: byEpoch }] : []),
    ...(hasUpdates
      ? [
          {
            title: 'Objective',
            curves: byUpdate([
              LOSS,
              ...curvesOf<UpdateReport>(tableOf(runs, run => run.metadata.objective.metrics)),
            ]),
          },
          {
            title: 'Optimisation',
            curves: byUpdate([
              ...OPTIMISATION,
              ...(some(({ lossScale }) => lossScale !== 1) ? [LOSS_SCALE] : []),
            ]),
          },
          {
            title: 'Speed and memory',
            curves: byUpdate([...COST, ...(some(({ deviceBytes }) => deviceBytes !== null) ? [DEVICE] : [])]),
          },
        ]
      : []),
  ]
}

/**
 * Returns the most important metrics: the selection metric of epochs, the loss, then shares, other evaluations and other
 * figures of the live line.
 */
function mostTelling(runs: readonly NamedRun[], drawn: readonly Curve[]): Curve[] {
  const objectives = runs.map(({ run }) => run.metadata.objective)
  const headlines = Object.entries(
    Object.assign({}, ...objectives.map(({ metrics }) => metrics)) as MetricTable,
  ).filter(([, { isHeadline }]) => isHeadline)
  const keys = [
    ...objectives.map(({ evaluation }) => evaluation.best.metric),
    LOSS.key,
    ...headlines.filter(([, { unit }]) => unit === 'share').map(([key]) => key),
    ...objectives.flatMap(({ evaluation }) => Object.keys(evaluation.metrics)),
    ...headlines.map(([key]) => key),
  ]
  return [...new Set(keys)]
    .flatMap(key => drawn.find(curve => curve.key === key) ?? [])
    .slice(0, SHOWN_CHARTS)
}

/** Describes the curves that a section does not draw. */
function notesOf(curves: readonly Curve[], repeated: ReadonlyMap<Curve, Curve>): string {
  const constants = curves.flatMap(({ panel }) => constantOf(panel) ?? [])
  return [
    ...(constants.length > 0 ? [`Constant over the run: ${constants.join('; ')}.`] : []),
    ...curves.flatMap(curve => {
      const other = repeated.get(curve)
      return other === undefined ? [] : [`${curve.panel.metric} is the same curve as ${other.panel.metric}.`]
    }),
  ].join(' ')
}

/** Returns the metrics of all runs, whose objectives may differ. */
function tableOf(runs: readonly NamedRun[], metricsOf: (run: RunRecord) => MetricTable): MetricTable {
  return Object.assign({}, ...runs.map(({ run }) => metricsOf(run)))
}

function curveOf<Row>(
  { key, metric, caption, values, isExact = false }: CurvePlan<Row>,
  runs: readonly NamedRun[],
  {
    rows,
    at,
    along,
  }: {
    rows: (run: RunRecord) => readonly Row[]
    at: (row: Row) => number
    along: CurveOptions['along']
  },
): Curve {
  const isComparison = runs.length > 1
  const lines = typeof values === 'function' ? ([{ name: '', value: values }] as const) : values
  const points = (run: RunRecord, { value }: Line<Row>): MetricPoint[] =>
    rows(run).map(row => ({ step: at(row), value: value(row) ?? Number.NaN }))
  const series = isComparison
    ? runs.map(({ name, run }) => ({ label: name, points: points(run, lines[0]) }))
    : distinctSeries(
        runs.flatMap(({ run }) => lines.map(line => ({ label: line.name, points: points(run, line) }))),
      )
  const shown = isComparison && lines.length > 1 ? `${metric}, ${lines[0].name}` : metric
  return { key, panel: { metric: shown, series }, caption, isExact, along }
}

function chartOf(
  { panel, along, caption, isExact }: Curve,
  runs: readonly NamedRun[],
  { isLarge = false }: { readonly isLarge?: boolean } = {},
): Promise<Chart> {
  const of = runs.map(({ name }) => name)
  return curveChart(panel, { along, caption, isExact, isLarge, showsRaw: runs.length === 1, of })
}

interface CurveChartOptions extends Pick<CurveOptions, 'along' | 'showsRaw' | 'among'> {
  readonly caption: string
  /** See {@link CurvePlan}. */
  readonly isExact?: boolean
  /** The names of the runs. */
  readonly of: readonly string[]
  /** Whether it is one of the main charts of a page. Default: false. */
  readonly isLarge?: boolean
}

/** Returns a metric of training as a chart of a page, smoothed over a fiftieth of the run to show its trend. */
export async function curveChart(
  panel: MetricPanel,
  { along, showsRaw, among, caption, isExact = false, isLarge = false, of }: CurveChartOptions,
): Promise<Chart> {
  const smoothing = isExact ? 1 : smoothingOf(panel.series.map(({ points }) => points.length))
  const draw = (size: { width?: number; height?: number }) =>
    metricChart(panel, { along, smoothing, showsRaw, ...(among && { among }), ...size })
  return {
    svg: await draw(isLarge ? LARGE : {}),
    ...(isLarge && { narrowSvg: await draw(NARROW) }),
    caption,
    alt: `${panel.metric} against ${along} for ${of.join(', ')}.`,
  }
}

/** Returns the number of updates in the mean of a smoothed line, for runs of these lengths. */
export function smoothingOf(updates: readonly number[]): number {
  return Math.max(10, Math.round(Math.max(0, ...updates) / 50))
}

function smoothingNote(runs: readonly NamedRun[]): string {
  const updates = smoothingOf(runs.map(({ run }) => run.updates.length))
  const raw = runs.length === 1 ? '; each update is pale' : ''
  return `Curves along training steps are means over ${updates} updates${raw}.`
}
