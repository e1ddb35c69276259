import type { MetricPanel, MetricPoint, MetricSeries } from '../../analysis/metric-curves'

/** Curves that are as clear in words as in a chart. */

/** Returns the distinct lines of a chart, the first of equal ones; without its name if it is the only one. */
export function distinctSeries(series: readonly MetricSeries[]): MetricSeries[] {
  const seen = new Set<string>()
  const distinct = series.filter(({ points }) => {
    const form = formOf(points)
    return !seen.has(form) && seen.add(form)
  })
  const [first] = distinct
  return distinct.length === 1 && first !== undefined ? [{ ...first, label: '' }] : distinct
}

/**
 * Describes a constant metric: `attack radius ε 0.5`, for several runs with each value; undefined if a line has not
 * exactly one distinct finite value, at least twice.
 */
export function constantOf({ metric, series }: MetricPanel): string | undefined {
  const values = series.map(({ points }) => {
    const finite = points.filter(({ value }) => Number.isFinite(value)).map(({ value }) => value)
    return finite.length > 1 && finite.length === points.length && new Set(finite).size === 1
      ? Number((finite[0] ?? 0).toPrecision(4))
      : undefined
  })
  if (values.length === 0 || values.includes(undefined)) return undefined
  if (new Set(values).size === 1) return `${metric} ${values[0]}`
  return `${metric} ${series.map(({ label }, place) => `${values[place]} (${label})`).join(', ')}`
}

/** Returns the curves with the same lines as an earlier one, and that one. Excludes constants. */
export function sameCurves<One extends { readonly panel: MetricPanel }>(
  curves: readonly One[],
): Map<One, One> {
  const firsts = new Map<string, One>()
  const repeated = new Map<One, One>()
  for (const curve of curves) {
    const { series } = curve.panel
    if (constantOf(curve.panel) !== undefined || series.every(({ points }) => points.length < 2)) continue
    const form = series.map(({ points }) => formOf(points)).join('|')
    const first = firsts.get(form)
    if (first === undefined) firsts.set(form, curve)
    else repeated.set(curve, first)
  }
  return repeated
}

function formOf(points: readonly MetricPoint[]): string {
  return points.map(({ step, value }) => `${step}:${value}`).join()
}
