import { legendLayout } from './chart/legend'
import { byLabel, type ChartSize, renderSvg, requireDistinct } from './chart/svg'

/** One point of a training curve. */
export interface MetricPoint {
  readonly step: number
  /** A value that is not finite leaves a gap. */
  readonly value: number
}

export interface MetricSeries {
  readonly label: string
  readonly points: readonly MetricPoint[]
}

/** The content of one chart of training curves. */
export interface MetricPanel {
  /** Title of the vertical axis, with the unit: `learning rate`, `images kept (%)`. */
  readonly metric: string
  readonly series: readonly MetricSeries[]
}

export interface CurveOptions extends ChartSize {
  /** Title of the horizontal axis. */
  readonly along: 'training step' | 'epoch'
  /** Window of the moving average: the number of latest points up to each; 1 draws the values themselves. */
  readonly smoothing: number
  /** Whether to also draw the values themselves, pale, if the line is smoothed. */
  readonly showsRaw: boolean
  /** Labels of all charts of the page, so that each has the same style in all of them. Default: those of this chart. */
  readonly among?: readonly string[]
}

/** Largest number of points in a line: more points than pixels make it no clearer. */
const DRAWN_POINTS = 500
/** With up to this many points, each has a marker. */
const MARKED_POINTS = 30

/**
 * Draws a training metric against steps or epochs, one line per series. Values that are not finite leave gaps, and are excluded from means.
 *
 * @returns an SVG document, readable on light and dark pages
 * @throws ConfigError for series that share a label
 */
export async function metricChart(
  { metric, series }: MetricPanel,
  { along, smoothing, showsRaw, among, width = 320, height = 200 }: CurveOptions,
): Promise<string> {
  requireDistinct(series)
  const values = (window: number) =>
    series.flatMap(({ label, points }) =>
      drawnPoints(points, window).map(({ step, value }) => ({
        label,
        step,
        value: Number.isFinite(value) ? value : null,
      })),
    )
  const lines = values(smoothing)
  const labels = series.map(({ label }) => label)
  const { color, strokeDash } = byLabel(labels, width, among)
  const isAlone = series.length === 1
  const hasMarks = Math.max(0, ...series.map(({ points }) => points.length)) <= MARKED_POINTS
  const isRawDrawn = showsRaw && smoothing > 1
  return renderSvg(
    {
      description: `${metric} against ${along}`,
      encoding: {
        x: {
          field: 'step',
          type: 'quantitative',
          title: along,
          scale: { nice: false },
          // Epochs and steps are integers.
          axis: { tickMinStep: 1, tickCount: 5 },
        },
        y: {
          field: 'value',
          type: 'quantitative',
          title: metric,
          scale: { zero: false, ...domainOf(lines) },
        },
        color: isAlone ? { ...color, legend: null } : color,
      },
      layer: [
        {
          data: { values: isRawDrawn ? values(1) : [] },
          mark: { type: 'line', strokeWidth: 1, opacity: 0.35 },
        },
        {
          data: { values: lines },
          mark: { type: 'line', point: hasMarks },
          encoding: { strokeDash: isAlone ? { ...strokeDash, legend: null } : strokeDash },
        },
      ],
    },
    { width, height: height + (isAlone ? 0 : legendLayout(labels, width).height) },
  )
}

/** Adds room around a value that never changes; otherwise the chart chooses its range. */
function domainOf(points: readonly { readonly value: number | null }[]): { domain?: number[] } {
  const values = new Set(points.flatMap(({ value }) => value ?? []))
  const [only = 0] = values
  if (values.size !== 1) return {}
  const room = only === 0 ? 1 : Math.abs(only) / 10
  return { domain: [only - room, only + room] }
}

/**
 * Returns the points of a line: at most 500, evenly spread, each with the mean of the finite values among the last `window` up to it; NaN
 * if none is finite.
 */
export function drawnPoints(points: readonly MetricPoint[], window: number): MetricPoint[] {
  const recent = (index: number) => points.slice(Math.max(0, index + 1 - window), index + 1)
  return spread(points.length, DRAWN_POINTS).map(index => ({
    step: points[index]?.step ?? 0,
    value: meanOfFinite(recent(index).map(({ value }) => value)),
  }))
}

/** NaN if none is finite. */
export function meanOfFinite(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite)
  return finite.length === 0 ? Number.NaN : finite.reduce((sum, value) => sum + value, 0) / finite.length
}

/** Returns at most `most` positions below `length`, evenly spread, including the first and the last. */
export function spread(length: number, most: number): number[] {
  const count = Math.min(length, most)
  if (count < 2) return count === 0 ? [] : [length - 1]
  return Array.from({ length: count }, (_, place) => Math.round((place * (length - 1)) / (count - 1)))
}
