import { metricChart } from '../analysis/metric-curves'
import type { Chart, ReportSection } from '../analysis/report'
import { type CurvePlan, LOSSES } from '../runs/report/curve-plans'
import { smoothingOf } from '../runs/report/run-curves'
import type { UpdateReport } from '../runs/reports'
import type { ExperimentOutcome } from './outcome'

/** Figure 14: losses and accuracy over training, the mean over seeds. */
export function lossSection(outcome: ExperimentOutcome): Promise<ReportSection[]> {
  return section(outcome, ['SCE', 'MAdv', 'total', 'accuracy (%)'])
}

/** Figure 11: the share of images with |D_nh| = M over training, the mean over seeds. */
export function keptSection(outcome: ExperimentOutcome): Promise<ReportSection[]> {
  return section(outcome, ['|D_nh| = M (%)'])
}

async function section({ arms }: ExperimentOutcome, metrics: readonly string[]): Promise<ReportSection[]> {
  const trained = arms.filter(({ updates }) => updates.length > 0)
  if (trained.length === 0) return []
  const plans = LOSSES.filter(({ metric }) => metrics.includes(metric))
  const charts = plans.map(async ({ metric, caption, values }): Promise<Chart> => {
    const value = typeof values === 'function' ? values : values[0].value
    const series = trained.map(({ label, updates }) => ({ label, points: meanOverSeeds(updates, value) }))
    const smoothing = smoothingOf(series[0]?.points.length ?? 0)
    return {
      svg: await metricChart({ metric, series }, { along: 'training step', smoothing, showsRaw: false }),
      caption: `${caption} Mean over seeds and over ${smoothing} updates.`,
      alt: `${metric} against training step for ${series.map(({ label }) => label).join(', ')}.`,
    }
  })
  return [{ kind: 'charts', title: 'Training', charts: await Promise.all(charts) }]
}

function meanOverSeeds(
  seeds: readonly (readonly UpdateReport[])[],
  value: Exclude<CurvePlan<UpdateReport>['values'], readonly unknown[]>,
) {
  return (seeds[0] ?? []).map(({ step }, position) => {
    const values = seeds.flatMap(updates => {
      const update = updates[position]
      return update === undefined ? [] : [value(update) ?? Number.NaN]
    })
    return { step, value: values.reduce((sum, one) => sum + one, 0) / values.length }
  })
}
