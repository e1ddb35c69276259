import type { MetricPoint } from '../analysis/metric-curves'
import type { ReportSection } from '../analysis/report'
import { ftCadisMetrics } from '../objectives/ft-cadis/metrics'
import { type CurvePlan, curvesOf, LOSS } from '../runs/report/curve-plans'
import { curveChart, smoothingOf } from '../runs/report/run-curves'
import type { UpdateReport } from '../runs/reports'
import type { ExperimentOutcome } from './outcome'

/** Figure 14: losses and accuracy over training, averaged over seeds. */
export function lossSection({ arms }: ExperimentOutcome): Promise<ReportSection[]> {
  return trainingSections(arms, ['selectiveCrossEntropy', 'adversarial', 'loss', 'denoisedAccuracy'])
}

/** Figure 11: the share of images with |D_nh| = M over training, averaged over seeds. */
export function keptSection({ arms }: ExperimentOutcome): Promise<ReportSection[]> {
  return trainingSections(arms, ['allKeptShare'])
}

/** Draws a chart per metric, with a line per trained arm; nothing if there are none. */
async function trainingSections(
  arms: ExperimentOutcome['arms'],
  keys: readonly string[],
): Promise<ReportSection[]> {
  const trained = arms.flatMap(({ label, updates }) =>
    updates.some(({ length }) => length > 0) ? [{ label, updates }] : [],
  )
  if (trained.length === 0) return []
  const isOverSeeds = trained.some(({ updates }) => updates.length > 1)
  const curves = [LOSS, ...curvesOf<UpdateReport>(ftCadisMetrics)]
  const plans = keys.flatMap(key => curves.filter(curve => curve.key === key))
  const charts = plans.map(({ metric, caption, values }) => {
    const value = typeof values === 'function' ? values : values[0].value
    const series = trained.map(({ label, updates }) => ({ label, points: meanOverSeeds(updates, value) }))
    return curveChart(
      { metric, series },
      {
        ...{ along: 'training step', caption, showsRaw: false, isLarge: true },
        ...{ among: arms.map(({ label }) => label), of: trained.map(({ label }) => label) },
      },
    )
  })
  const updates = smoothingOf(trained.flatMap(({ updates }) => updates.map(({ length }) => length)))
  const note = `Lines are means over ${isOverSeeds ? 'seeds and over ' : ''}${updates} updates.`
  return [{ kind: 'charts', title: 'Training', charts: await Promise.all(charts), note }]
}

function meanOverSeeds(
  seeds: readonly (readonly UpdateReport[])[],
  value: Exclude<CurvePlan<UpdateReport>['values'], readonly unknown[]>,
): MetricPoint[] {
  return (seeds[0] ?? []).map(({ step }, position) => {
    const values = seeds.flatMap(updates => {
      const update = updates[position]
      return update === undefined ? [] : [value(update) ?? Number.NaN]
    })
    return { step, value: values.reduce((sum, one) => sum + one, 0) / values.length }
  })
}
