import type { Analysis } from '../../analysis/analyze'
import type { ChartSize } from '../../analysis/chart/svg'
import { ConfigError } from '../../errors'
import { writeOutput } from '../write-output'

const PLOT_KINDS = ['curve', 'envelope', 'p-a', 'expected-n'] as const
type PlotKind = (typeof PLOT_KINDS)[number]

/** A chart and its output file. */
export interface Plot {
  readonly kind: PlotKind
  readonly file: string
}

/**
 * Parses `--plot`: `curves.pdf` draws the curves, `p-a=votes.svg` another kind; `p-a` writes `p-a.svg`.
 *
 * @throws ConfigError for a file that is neither SVG, PNG nor PDF
 */
export function parsePlot(word: string): Plot {
  const [, named, rest] = /^([a-z-]+)(?:=(.+))?$/.exec(word) ?? []
  const kind = PLOT_KINDS.find(known => known === named)
  const file = kind === undefined ? word : (rest ?? `${kind}.svg`)
  if (/\.(svg|png|pdf)$/i.test(file)) return { kind: kind ?? 'curve', file }
  throw new ConfigError(
    `--plot writes SVG, PNG and PDF, expected ${PLOT_KINDS.join(', ')}, a file ending in .svg, .png or .pdf, or both as p-a=votes.pdf, got ${word}.`,
    { remedy: 'Name a kind, a file, or both.' },
  )
}

/** CSS pixels per unit of length. */
const UNITS: Readonly<Record<string, number>> = { in: 96, cm: 96 / 2.54, mm: 9.6 / 2.54, pt: 96 / 72, px: 1 }

/** Narrower charts have no room for axes; wider ones are not figures. */
const WIDTHS = { least: 150, most: 10_000 }

/**
 * Parses a length as in documents, `3.25in`, into CSS pixels.
 *
 * @throws ConfigError for anything else
 */
export function parseWidth(word: string): number {
  const [, number, unit = 'px'] = /^(\d+(?:\.\d+)?)\s*(in|cm|mm|pt|px)?$/.exec(word.trim()) ?? []
  const pixels = Number(number) * (UNITS[unit] ?? Number.NaN)
  if (pixels >= WIDTHS.least && pixels <= WIDTHS.most) return pixels
  throw new ConfigError(
    `--width must be a length of at least ${WIDTHS.least}px, as 3.25in, 8cm, 80mm, 234pt or 720px, got ${word}.`,
    { remedy: 'Give the width of a column of your document.' },
  )
}

/** Draws and writes the plots. With a width, PNG has 300 dots per inch. */
export async function writePlots(
  { methods }: Pick<Analysis, 'methods'>,
  plots: readonly Plot[],
  { width, ns }: { readonly width?: number | undefined; readonly ns?: readonly number[] | undefined },
): Promise<void> {
  const size = width === undefined ? {} : { width, height: Math.round(width * 0.7) }
  for (const { kind, file } of plots) {
    const svg = await draw(kind, methods, { ...size, ...(ns && { ns }) })
    await writeOutput(file, await encode(svg, file, width === undefined ? {} : { zoom: 300 / 96 }))
  }
}

function draw(
  kind: PlotKind,
  methods: Analysis['methods'],
  options: ChartSize & { readonly ns?: readonly number[] },
): Promise<string> {
  if (kind === 'curve' || kind === 'envelope') {
    const { curvesChart } =
      require('../../analysis/analysis-page') as typeof import('../../analysis/analysis-page')
    return curvesChart({ methods }, { ...options, envelope: kind === 'envelope' })
  }
  const { shareChart, expectedChart } =
    require('../../analysis/votes/charts') as typeof import('../../analysis/votes/charts')
  return kind === 'p-a' ? shareChart(methods, options) : expectedChart(methods, options)
}

async function encode(
  svg: string,
  file: string,
  options: { readonly zoom?: number },
): Promise<string | Buffer> {
  if (/\.png$/i.test(file)) {
    const { svgToPng } = require('../../analysis/chart/png') as typeof import('../../analysis/chart/png')
    return svgToPng(svg, options)
  }
  if (!/\.pdf$/i.test(file)) return svg
  const { svgToPdf } = require('../../analysis/chart/pdf') as typeof import('../../analysis/chart/pdf')
  return svgToPdf(svg)
}
