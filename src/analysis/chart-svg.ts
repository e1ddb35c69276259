import type { Config, TopLevelSpec } from 'vega-lite' with { 'resolution-mode': 'import' }
import { ConfigError } from '../errors'
import { legendLayout } from './chart/legend'
import { lineStyles } from './chart/line-styles'

/** A chart as vega-lite describes it, whose own types a program of a user need not have. */
export type ChartSpec = Readonly<Record<string, unknown>>

/** Size of a whole chart in CSS pixels. */
export interface ChartSize {
  /** Default 640. */
  readonly width?: number
  /** Default 400. */
  readonly height?: number
}

/** @throws ConfigError for lines of one chart that share a label */
export function requireDistinct(lines: readonly { readonly label: string }[]): void {
  const labels = lines.map(({ label }) => label)
  const repeated = labels.find((label, position) => labels.indexOf(label) !== position)
  if (repeated === undefined) return
  throw new ConfigError(`Two lines of one chart have the label "${repeated}", expected different ones.`, {
    remedy: 'Give every line its own label.',
  })
}

/**
 * The channels that tell lines apart by `label`, in the order of `labels`, with a legend for a chart of this width. `among` are the
 * labels of all charts of the page.
 */
export function byLabel(labels: readonly string[], width: number, among: readonly string[] = labels) {
  const { columns, fontSize } = legendLayout(labels, width)
  const legend = { columns, labelFontSize: fontSize, labelLimit: 0 }
  const channel = { field: 'label', type: 'nominal' as const, title: null, legend }
  const styles = lineStyles(labels, among)
  return {
    color: { ...channel, scale: { domain: [...labels], range: styles.map(({ color }) => color) } },
    strokeDash: { ...channel, scale: { domain: [...labels], range: styles.map(({ dash }) => dash) } },
  }
}

/**
 * Draws a vega-lite chart without a browser. All that is not a line takes a dark ink on white or a light ink on near-black
 * by the reader's colour scheme, so that the document can stand in any page or alone.
 */
export async function renderSvg(spec: ChartSpec, { width = 640, height = 400 }: ChartSize): Promise<string> {
  // Loaded when a chart is drawn: starting the command line must not wait for them.
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')])
  const { spec: compiled } = vegaLite.compile(
    { ...spec, width, height, autosize: { type: 'fit', contains: 'padding' } } as unknown as TopLevelSpec,
    { config: theme() },
  )
  const view = new vega.View(vega.parse(compiled), { renderer: 'none' })
  try {
    const svg = await view.toSVG()
    return svg.replace(
      /<svg [^>]*>/,
      opening => opening.replace('<svg ', `<svg color="${LIGHT.ink}" `) + INK_STYLE,
    )
  } finally {
    view.finalize()
  }
}

const LIGHT = { ink: '#24292f', page: '#ffffff' }
const DARK = { ink: '#e6edf3', page: '#0d1117' }
/**
 * `marks` is the class that Vega gives its documents. The page is painted as well as the ink, in the colours of the report:
 * a browser that prefers dark says so to a picture on a white page too. Where a program knows no style sheets the attribute
 * `color` holds.
 */
const INK_STYLE = `<style>svg.marks { background: ${LIGHT.page} } @media (prefers-color-scheme: dark) { svg.marks { color: ${DARK.ink}; background: ${DARK.page} } }</style>`

function theme(): Config {
  const ink = 'currentColor'
  return {
    background: 'transparent',
    font: 'system-ui, sans-serif',
    view: { stroke: null },
    axis: {
      labelColor: ink,
      titleColor: ink,
      domainColor: ink,
      tickColor: ink,
      gridColor: ink,
      gridOpacity: 0.15,
      labelFlush: false,
      labelFontSize: 12,
      titleFontSize: 13,
      titleFontWeight: 'normal',
    },
    legend: {
      orient: 'bottom',
      offset: 8,
      labelColor: ink,
      labelFontSize: 13,
      symbolType: 'stroke',
      symbolSize: 400,
      symbolStrokeWidth: 2.5,
      symbolOpacity: 1,
    },
    line: { strokeWidth: 2 },
  }
}
