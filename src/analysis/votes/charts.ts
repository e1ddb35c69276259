import { ConfigError } from '../../errors'
import { overSeeds, radiusColumns } from '../accuracy-table'
import { legendLayout } from '../chart/legend'
import { byLabel, type ChartSize, renderSvg, requireDistinct } from '../chart/svg'
import { normOfMethods } from '../norm'
import type { Method, Run } from '../runs'
import type { Table } from '../tables'
import { expectedFigures, labelShares } from './shares'

/** Number of values of p at which the distribution is drawn. */
const POINTS = 201

/** The share of images whose label has at least this share of the votes. */
export interface SharePoint {
  readonly label: string
  readonly p: number
  /** In percent of images: by their share of the votes, and by the lower and upper ends of their intervals. */
  readonly images: number
  readonly lower: number
  readonly upper: number
}

/**
 * Returns the distribution of p_A: how many images have at least each share of the votes on their label, over the images of all seeds of a
 * run. The band shows the uncertainty of the counts: the same for the ends of each image's 95 % interval.
 *
 * @throws as `labelShares`
 */
export function shareDistribution(runs: readonly Pick<Run, 'name' | 'logs'>[]): SharePoint[] {
  return runs.flatMap(({ name, logs }) => {
    const images = logs.flatMap(labelShares)
    const atLeast = (p: number, end: 'share' | 'lower' | 'upper') =>
      (100 * images.filter(image => image[end] >= p).length) / images.length
    return Array.from({ length: POINTS }, (_, point) => point / (POINTS - 1)).map(p => ({
      label: name,
      p,
      images: atLeast(p, 'share'),
      lower: atLeast(p, 'lower'),
      upper: atLeast(p, 'upper'),
    }))
  })
}

/** Draws the distribution of p_A, one line per run, with its band. `height` excludes the legend. Throws as `shareDistribution`. */
export function shareChart(
  methods: readonly Method[],
  { width = 720, height = 400 }: ChartSize = {},
): Promise<string> {
  const runs = methods.flatMap(method => method.runs)
  const labels = labelsOf(runs)
  const values = shareDistribution(runs)
  const { color, strokeDash } = byLabel(labels, width)
  const y = { type: 'quantitative', title: 'images with at least p (%)', scale: { domain: [0, 100] } }
  return renderSvg(
    {
      description: 'Share of images whose label has at least the probability p under the noise',
      data: { values },
      encoding: {
        x: {
          ...{ field: 'p', type: 'quantitative', title: 'p of the label under the noise' },
          scale: { domain: [0, 1], nice: false },
        },
        color,
      },
      layer: [
        {
          mark: { type: 'area', interpolate: 'step-before', opacity: 0.15 },
          encoding: { y: { ...y, field: 'lower' }, y2: { field: 'upper' } },
        },
        {
          mark: { type: 'line', interpolate: 'step-before' },
          encoding: { y: { ...y, field: 'images' }, strokeDash },
        },
      ],
    },
    { width, height: height + legendLayout(labels, width).height },
  )
}

/** Default numbers of votes. */
export const DEFAULT_NS = [100, 1000, 10_000, 100_000]

/** Returns expected certified accuracy and ACR with other numbers of votes, one row per run and n. Throws as `expectedFigures`. */
export function expectedTable(
  methods: readonly Method[],
  radii: readonly number[],
  ns: readonly number[] = DEFAULT_NS,
): Table {
  return {
    caption:
      `Certified accuracy in percent at ${normOfMethods(methods)} radius r, and ACR, that are expected with n votes an image, from the shares of the votes that were counted; ` +
      'above the n that was counted it is what those shares make likely',
    columns: [
      { header: 'method' },
      { header: 'n', digits: 0 },
      ...radiusColumns(radii),
      { header: 'ACR', digits: 3 },
    ],
    rows: methods.flatMap(({ runs }) =>
      runs.flatMap(({ name, logs }) => {
        const figures = logs.map(log => expectedFigures(log, ns, radii))
        return ns.map((n, place) => {
          const at = figures.flatMap(ofLog => ofLog[place] ?? [])
          return [
            name,
            n,
            ...radii.map((_, radius) =>
              overSeeds(at.map(({ certifiedAccuracy }) => 100 * (certifiedAccuracy[radius] ?? 0))),
            ),
            overSeeds(at.map(({ averageCertifiedRadius }) => averageCertifiedRadius)),
          ]
        })
      }),
    ),
  }
}

/** Draws the expected ACR against n, one line per run. `height` excludes the legend. Throws as `expectedFigures`. */
export function expectedChart(
  methods: readonly Method[],
  { ns = DEFAULT_NS, width = 720, height = 400 }: ChartSize & { readonly ns?: readonly number[] } = {},
): Promise<string> {
  const runs = methods.flatMap(method => method.runs)
  const labels = labelsOf(runs)
  const values = runs.flatMap(({ name, logs }) => {
    const figures = logs.map(log => expectedFigures(log, ns, []))
    return ns.map((n, place) => {
      const mean = overSeeds(figures.map(ofLog => ofLog[place]?.averageCertifiedRadius ?? 0))
      return { label: name, n, radius: typeof mean === 'number' ? mean : mean.mean }
    })
  })
  const { color, strokeDash } = byLabel(labels, width)
  return renderSvg(
    {
      description: 'Expected average certified radius against the number of votes',
      data: { values },
      mark: { type: 'line', point: true },
      encoding: {
        x: {
          ...{ field: 'n', type: 'quantitative', title: 'votes an image (n)', scale: { type: 'log' } },
          axis: { values: [...ns], format: ',d' },
        },
        y: {
          ...{ field: 'radius', type: 'quantitative', title: 'expected ACR' },
          scale: { zero: true },
        },
        ...{ color, strokeDash },
      },
    },
    { width, height: height + legendLayout(labels, width).height },
  )
}

function labelsOf(runs: readonly Run[]): string[] {
  if (runs.length === 0) {
    throw new ConfigError('A chart of no logs was asked for.', { remedy: 'Give at least one log.' })
  }
  const labels = runs.map(({ name }) => name)
  requireDistinct(labels.map(label => ({ label })))
  return labels
}
