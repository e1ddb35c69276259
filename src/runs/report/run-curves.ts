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

/** The curves of fine-tuning runs, as sections of a report. */

export interface NamedRun {
  readonly name: string
  readonly run: RunRecord
}

/** Test accuracy by epoch; nothing before the first. */
export async function accuracySection(runs: readonly NamedRun[]): Promise<ReportSection[]> {
  if (runs.every(({ run }) => run.epochs.length === 0)) return []
  const metrics = tableOf(runs, run => run.metadata.objective.evaluation.metrics)
  const charts = curvesOf<EpochReport>(metrics).map(plan =>
    chartOf(plan, runs, { rows: run => run.epochs, at: row => row.epoch, along: 'epoch' }),
  )
  return [{ kind: 'charts', title: 'Test images', charts: await Promise.all(charts) }]
}

/** Losses, optimisation and cost by update; nothing before the first. */
export async function updateSections(runs: readonly NamedRun[]): Promise<ReportSection[]> {
  const some = (test: (update: UpdateReport) => boolean) => runs.some(({ run }) => run.updates.some(test))
  if (!some(() => true)) return []
  const section = async (title: string, plans: readonly CurvePlan<UpdateReport>[]) => {
    const charts = plans.map(plan =>
      chartOf(plan, runs, { rows: run => run.updates, at: row => row.step, along: 'training step' }),
    )
    return { kind: 'charts', title, charts: await Promise.all(charts) } as const
  }
  return [
    await section('Objective', [
      LOSS,
      ...curvesOf<UpdateReport>(tableOf(runs, run => run.metadata.objective.metrics)),
    ]),
    await section('Optimisation', [
      ...OPTIMISATION,
      ...(some(({ lossScale }) => lossScale !== 1) ? [LOSS_SCALE] : []),
    ]),
    await section('Speed and memory', [
      ...COST,
      ...(some(({ deviceBytes }) => deviceBytes !== null) ? [DEVICE] : []),
    ]),
  ]
}

/** The metrics of all runs, whose objectives may differ. */
function tableOf(runs: readonly NamedRun[], metricsOf: (run: RunRecord) => MetricTable): MetricTable {
  return Object.assign({}, ...runs.map(({ run }) => metricsOf(run)))
}

async function chartOf<Row>(
  { metric, caption, values, isExact = false }: CurvePlan<Row>,
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
): Promise<Chart> {
  const isComparison = runs.length > 1
  const lines = typeof values === 'function' ? ([{ name: '', value: values }] as const) : values
  const points = (run: RunRecord, { value }: Line<Row>): MetricPoint[] =>
    rows(run).map(row => ({ step: at(row), value: value(row) ?? Number.NaN }))
  const series = isComparison
    ? runs.map(({ name, run }) => ({ label: name, points: points(run, lines[0]) }))
    : runs.flatMap(({ run }) => lines.map(line => ({ label: line.name, points: points(run, line) })))
  const isLineNamed = isComparison && lines.length > 1
  const shown = isLineNamed ? `${metric}, ${lines[0].name}` : metric
  return curveChart(
    { metric: shown, series },
    { along, caption, isExact, showsRaw: !isComparison, of: runs.map(({ name }) => name) },
  )
}

interface CurveChartOptions extends Pick<CurveOptions, 'along' | 'showsRaw'> {
  readonly caption: string
  /** See {@link CurvePlan}. */
  readonly isExact?: boolean
  /** Whose curves they are. */
  readonly of: readonly string[]
  /** What each point is a mean over already, for the caption: `seeds`. */
  readonly meanOver?: string
}

/** A metric of training as a chart of a page, smoothed over a fiftieth of the run, so that its course shows. */
export async function curveChart(
  panel: MetricPanel,
  { along, showsRaw, caption, isExact = false, of, meanOver }: CurveChartOptions,
): Promise<Chart> {
  const longest = Math.max(0, ...panel.series.map(({ points }) => points.length))
  const smoothing = isExact ? 1 : Math.max(10, Math.round(longest / 50))
  const over = meanOver === undefined ? '' : `${meanOver} and over `
  const raw = showsRaw ? ', pale: each' : ''
  return {
    svg: await metricChart(panel, { along, smoothing, showsRaw }),
    caption: isExact ? caption : `${caption} Mean over ${over}${smoothing} updates${raw}.`,
    alt: `${panel.metric} against ${along} for ${of.join(', ')}.`,
  }
}
