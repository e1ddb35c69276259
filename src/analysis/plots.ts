import { ConfigError } from '../errors'
import { labelRadius } from '../logs/certification-log'
import { NORM_TEXT } from '../statistics/bound'
import type { LabelledLogs } from './accuracy-table'
import { legendLayout } from './chart/legend'
import { byLabel, type ChartSize, renderSvg, requireDistinct } from './chart/svg'
import { bestOverRuns } from './envelope'
import type { Chart } from './report'
import { type AveragedLogs, requireOneSetOfImages } from './same-images'

/** The data of a curve: one configuration, or the best of several at each radius, as in the paper's Table 1. */
export type Curve = LabelledLogs | EnvelopeLogs

/** The logs of several configurations, usually one per σ, that form one curve. */
export interface EnvelopeLogs {
  readonly label: string
  readonly runs: readonly AveragedLogs[]
}

/** One point of a curve of certified accuracy; accuracies in percent, deviation 0 for a single seed. */
export interface CurvePoint {
  readonly label: string
  readonly radius: number
  readonly accuracy: number
  readonly deviation: number
}

const CURVE_POINTS = 401

/**
 * Returns certified accuracy over an even grid of radii up to the first at which it is 0, with mean and standard deviation over seeds, for
 * several configurations those of the best. Drawn as steps that end at their point, so a curve never shows more than was certified.
 *
 * @throws ConfigError for methods that share a label, logs of different images, or a maxRadius that is not above 0; otherwise as
 *   `certifiedAccuracy`
 */
export function certifiedAccuracyCurves(
  methods: readonly Curve[],
  {
    maxRadius = largestRadius(methods),
  }: {
    /** End of the curves. Default: the largest certified radius, rounded up to a quarter. */
    readonly maxRadius?: number
  } = {},
): CurvePoint[] {
  requireDistinct(methods)
  if (!(maxRadius > 0 && Number.isFinite(maxRadius))) {
    throw new ConfigError(`maxRadius must be a finite number above 0, got ${maxRadius}.`, {
      remedy: 'Set the largest radius that the chart shows, for instance 2.',
    })
  }
  const radii = Array.from({ length: CURVE_POINTS }, (_, point) => (maxRadius * point) / (CURVE_POINTS - 1))
  return methods.flatMap(curve => {
    const { label } = curve
    const runs = runsOf(curve).map(({ logs, allowDifferent }) => {
      requireOneSetOfImages(`"${label}"`, { logs, allowDifferent })
      return { logs: logs.map(rows => ({ rows })), allowDifferent }
    })
    const points = bestOverRuns(runs, radii).map(({ radius, accuracy: spread }) => {
      const { mean, deviation } = typeof spread === 'number' ? { mean: spread, deviation: 0 } : spread
      return { label, radius, accuracy: 100 * mean, deviation: 100 * deviation }
    })
    const end = points.findIndex(({ accuracy }) => accuracy === 0)
    return end === -1 ? points : points.slice(0, end + 1)
  })
}

/**
 * Draws certified accuracy against radius, one line per method, with a band of one standard deviation over several seeds.
 *
 * @returns an SVG document, readable on light and dark pages
 * @throws as `certifiedAccuracyCurves`
 */
export async function certifiedAccuracyChart(
  methods: readonly Curve[],
  {
    maxRadius = largestRadius(methods),
    norm = NORM_TEXT.l2,
    among,
    width = 640,
    height = 400,
  }: ChartSize & {
    readonly maxRadius?: number
    /** Norm of the radii, in display form. Default: ℓ2. */
    readonly norm?: string
    /** Labels of all charts of the page, so that each has the same style in all of them. Default: those of this chart. */
    readonly among?: readonly string[]
  } = {},
): Promise<string> {
  const points = certifiedAccuracyCurves(methods, { maxRadius })
  const values = points.map(point => ({
    ...point,
    lower: Math.max(0, point.accuracy - point.deviation),
    upper: Math.min(100, point.accuracy + point.deviation),
  }))
  const withBand = new Set(points.filter(({ deviation }) => deviation > 0).map(({ label }) => label))
  const { color, strokeDash } = byLabel(
    methods.map(({ label }) => label),
    width,
    among,
  )
  const largest = Math.max(...values.map(({ upper }) => upper))
  const y = {
    type: 'quantitative' as const,
    title: 'certified accuracy (%)',
    scale: { domain: [0, Math.max(10, 10 * Math.ceil(largest / 10))] },
  }
  return renderSvg(
    {
      description: 'Certified accuracy against radius',
      encoding: {
        x: {
          field: 'radius',
          type: 'quantitative',
          title: `${norm.replace('2', '₂').replace('1', '₁')} radius (pixels in [0, 1])`,
          scale: { domain: [0, maxRadius], nice: false },
          axis: { values: quartersUpTo(maxRadius), labelExpr: 'datum.value' },
        },
        color,
      },
      layer: [
        {
          data: { values: values.filter(({ label }) => withBand.has(label)) },
          mark: { type: 'area', interpolate: 'step-before', opacity: 0.2 },
          encoding: { y: { ...y, field: 'lower' }, y2: { field: 'upper' } },
        },
        {
          data: { values },
          mark: { type: 'line', interpolate: 'step-before' },
          encoding: { y: { ...y, field: 'accuracy' }, strokeDash },
        },
      ],
    },
    { width, height },
  )
}

/** Draws the curves of certified accuracy as a chart of a page, wide and narrow. Throws as {@link certifiedAccuracyChart} does. */
export async function certifiedAccuracyFigure(
  methods: readonly Curve[],
  { norm = NORM_TEXT.l2, among }: { readonly norm?: string; readonly among?: readonly string[] } = {},
): Promise<Chart> {
  const labels = methods.map(({ label }) => label)
  const sized = (width: number, height: number) => ({
    norm,
    ...(among && { among }),
    width,
    height: height + legendLayout(labels, width).height,
  })
  const isEnvelope = methods.some(curve => runsOf(curve).length > 1)
  const best = isEnvelope ? '; of several noise levels the best at each radius' : ''
  const bands = methods.some(curve => runsOf(curve).some(({ logs }) => logs.length > 1))
    ? '; bands are one standard deviation over seeds'
    : ''
  return {
    svg: await certifiedAccuracyChart(methods, sized(1000, 380)),
    narrowSvg: await certifiedAccuracyChart(methods, sized(340, 260)),
    caption: `Certified accuracy against the ${norm} radius of the perturbation, for pixels in [0, 1]${best}${bands}.`,
    alt: `Certified accuracy against radius for ${labels.join('; ')}.`,
  }
}

function runsOf(curve: Curve): readonly AveragedLogs[] {
  return 'logs' in curve ? [curve] : curve.runs
}

/** Returns ticks at the radii of tables: at quarters, or if these are too many, at the smallest multiple that is not. */
function quartersUpTo(largest: number): number[] {
  let step = 0.25
  while (largest / step > 10) step *= 2
  return Array.from({ length: Math.floor(largest / step + 1e-9) + 1 }, (_, place) => place * step)
}

function largestRadius(methods: readonly Curve[]): number {
  const logs = methods.flatMap(curve => runsOf(curve).flatMap(run => run.logs))
  const radii = logs.flatMap(rows => rows.map(row => labelRadius(row) ?? 0))
  const largest = radii.reduce((a, b) => Math.max(a, b), 0)
  return Math.max(0.25, Math.ceil(largest * 4) / 4)
}
