import type { Config, TopLevelSpec } from 'vega-lite' with { 'resolution-mode': 'import' }
import { ConfigError } from '../../errors'
import { legendLayout } from './legend'
import { lineStyles } from './line-styles'

/** A vega-lite chart specification, without vega-lite's types, which a user's program may lack. */
export type ChartSpec = Readonly<Record<string, unknown>>

/** Size of a whole chart in CSS pixels. */
export interface ChartSize {
  /** Default 640. */
  readonly width?: number
  /** Default 400. */
  readonly height?: number
}

/** @throws ConfigError if lines of one chart share a label */
export function requireDistinct(lines: readonly { readonly label: string }[]): void {
  const labels = lines.map(({ label }) => label)
  const repeated = labels.find((label, position) => labels.indexOf(label) !== position)
  if (repeated === undefined) return
  throw new ConfigError(`Two lines of one chart have the label "${repeated}", expected different ones.`, {
    remedy: 'Give every line its own label.',
  })
}

/**
 * Returns the channels that distinguish lines by `label`, in the order of `labels`, with a legend for a chart of this width. `among` are
 * the labels of all charts of the page.
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
 * Draws a vega-lite chart without a browser. Everything except the lines is dark ink on white or light ink on near-black, by the reader's
 * colour scheme, so the document fits any page or can be used alone.
 */
export async function renderSvg(spec: ChartSpec, { width = 640, height = 400 }: ChartSize): Promise<string> {
  // Loaded on demand: the command line should start without waiting for them.
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
 * `marks` is Vega's class for its documents. Sets the background as well as the ink, in the report's colours: a browser that prefers dark
 * reports that to a picture on a white page too. Programs without style sheets use the attribute `color`.
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
