import { byLabel, type ChartSize, renderSvg } from '../analysis/chart/svg'
import type { Table } from '../analysis/tables'
import { median } from '../statistics/median'
import { accuracyUnderAttack, accuracyWithCertificate, type ImageGap } from './gap'

const CURVE_POINTS = 401
const LABELS = ['under attack (upper bound)', 'certified (lower bound)'] as const

/**
 * Draws certified accuracy and accuracy under attack against radius, and the gap between them.
 *
 * @returns an SVG document, readable on light and dark pages
 */
export function gapChart(
  gaps: readonly ImageGap[],
  { width = 640, height = 400 }: ChartSize = {},
): Promise<string> {
  const maxRadius = largestRadius(gaps)
  const radii = Array.from({ length: CURVE_POINTS }, (_, point) => (maxRadius * point) / (CURVE_POINTS - 1))
  const upper = accuracyUnderAttack(gaps, radii)
  const lower = accuracyWithCertificate(gaps, radii)
  const room = radii.map((radius, point) => ({
    ...{ radius, lower: 100 * (lower[point] ?? 0), upper: 100 * (upper[point] ?? 0) },
  }))
  const lines = [upper, lower].flatMap((shares, line) =>
    radii.map((radius, point) => ({ label: LABELS[line], radius, accuracy: 100 * (shares[point] ?? 0) })),
  )
  const { color, strokeDash } = byLabel(LABELS, width)
  const y = { type: 'quantitative' as const, title: 'accuracy (%)', scale: { domain: [0, 100] } }
  return renderSvg(
    {
      description: 'Certified accuracy and accuracy under attack against radius',
      encoding: {
        x: {
          ...{ field: 'radius', type: 'quantitative', title: 'ℓ₂ radius (pixels in [0, 1])' },
          scale: { domain: [0, maxRadius], nice: false },
        },
      },
      layer: [
        {
          data: { values: room },
          mark: { type: 'area', interpolate: 'step-before', opacity: 0.12, color: '#808080' },
          encoding: { y: { ...y, field: 'lower' }, y2: { field: 'upper' } },
        },
        {
          data: { values: lines },
          mark: { type: 'line', interpolate: 'step-before' },
          encoding: { y: { ...y, field: 'accuracy' }, color, strokeDash },
        },
      ],
    },
    { width, height },
  )
}

/** Returns certified accuracy and accuracy under attack, in percent, and the number of images in between, at radii. */
export function gapTable(gaps: readonly ImageGap[], radii: readonly number[]): Table {
  const percent = (shares: readonly number[]) => shares.map(share => 100 * share)
  const upper = percent(accuracyUnderAttack(gaps, radii))
  const lower = percent(accuracyWithCertificate(gaps, radii))
  return {
    caption: `Certified accuracy and accuracy under attack in percent at ℓ2 radius r, ${gaps.length} images`,
    columns: [{ header: '' }, ...radii.map(radius => ({ header: `r = ${radius}`, digits: 1 }))],
    rows: [
      ['under attack', ...upper],
      ['certified', ...lower],
      ['between', ...upper.map((share, position) => share - (lower[position] ?? 0))],
    ],
    notes: [ratioNote(gaps)],
  }
}

/** Notes the ratio of smallest change to certified radius, for images that have both. */
function ratioNote(gaps: readonly ImageGap[]): string {
  const ratios = gaps
    .map(({ certified = 0, attacked }) => attacked / certified)
    .filter(Number.isFinite)
    .sort((a, b) => a - b)
  const unchanged = gaps.filter(({ attacked }) => attacked === Number.POSITIVE_INFINITY).length
  const none = unchanged > 0 ? ` No change was found for ${unchanged} images.` : ''
  if (ratios.length === 0) return `No image has both a certified radius above 0 and a change.${none}`
  return `The smallest change lies at ${median(ratios).toFixed(2)} times the certified radius in the median of ${ratios.length} images, at ${ratios[0]?.toFixed(2)} times at least.${none}`
}

/** Returns the end of the curves: beyond everything found, rounded up to a quarter. */
function largestRadius(gaps: readonly ImageGap[]): number {
  const radii = gaps.flatMap(({ certified = 0, attacked }) => [certified, attacked]).filter(Number.isFinite)
  return Math.max(0.25, Math.ceil(4 * radii.reduce((a, b) => Math.max(a, b), 0)) / 4)
}
