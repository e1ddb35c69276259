import { ConfigError } from '../errors'
import { htmlGrid, type ImageGrid } from './page/html-grid'
import { htmlTable } from './page/html-table'
import { escapeHtml, htmlText } from './page/html-text'
import { REPORT_STYLE } from './report-style'
import type { Table } from './tables'

export type { GridImage, ImageGrid } from './page/html-grid'

export interface Chart {
  /** An SVG document. */
  readonly svg: string
  /** The same chart for phones, about 340 pixels wide: the text of a shrunken wide chart would be too small. */
  readonly narrowSvg?: string
  readonly caption: string
  /** Text alternative of the chart. */
  readonly alt: string
}

/** A named value of a page: `['σ', '0.5']`. */
export type Fact = readonly [name: string, value: string]

export type ReportSection = (
  | { readonly title?: string; readonly isFolded?: false }
  /** Only the title is visible until the reader opens the section. */
  | { readonly title: string; readonly isFolded: boolean }
) &
  (
    | { readonly kind: 'text'; readonly paragraphs: readonly string[] }
    /** Names and values side by side, for reference. */
    | { readonly kind: 'facts'; readonly facts: readonly Fact[] }
    | { readonly kind: 'table'; readonly table: Table }
    /** Side by side if there is room; `note` applies to all of them. */
    | { readonly kind: 'charts'; readonly charts: readonly Chart[]; readonly note?: string }
    | { readonly kind: 'imageGrid'; readonly grid: ImageGrid }
  )

export interface Report {
  readonly title: string
  /** The most important information, shown first. */
  readonly lead: string
  readonly sections: readonly ReportSection[]
}

/**
 * Renders one self-contained HTML page, without other files, network or scripts: text is escaped, and pictures are embedded as images, in
 * which no code can run. Fits desktops and phones, and follows the reader's light or dark colour scheme.
 *
 * @throws ConfigError for a table or grid that is not rectangular, or an invalid SVG or PNG
 */
export function renderReport({ title, lead, sections }: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
<h1>${htmlText(title)}</h1>
<p class="lead">${htmlText(lead)}</p>
${sections.map(renderSection).join('\n')}
</main>
</body>
</html>
`
}

function renderSection(section: ReportSection): string {
  const { title, isFolded = false } = section
  const heading = title === undefined ? '' : `<h2>${htmlText(title)}</h2>`
  return isFolded
    ? `<details>\n<summary>${heading}</summary>\n${renderContent(section)}\n</details>`
    : `<section>\n${heading === '' ? '' : `${heading}\n`}${renderContent(section)}\n</section>`
}

function renderContent(section: ReportSection): string {
  switch (section.kind) {
    case 'text':
      return section.paragraphs.map(paragraph => `<p>${htmlText(paragraph)}</p>`).join('\n')
    case 'facts':
      return `<dl>\n${section.facts.map(([name, value]) => `<div><dt>${htmlText(name)}</dt><dd>${htmlText(value)}</dd></div>`).join('\n')}\n</dl>`
    case 'table':
      return htmlTable(section.table)
    case 'charts':
      return `${section.note === undefined ? '' : `<p>${htmlText(section.note)}</p>\n`}<div class="charts">\n${section.charts.map(renderChart).join('\n')}\n</div>`
    case 'imageGrid':
      return htmlGrid(section.grid)
  }
}

function renderChart({ svg, narrowSvg, caption, alt }: Chart): string {
  const narrow =
    narrowSvg === undefined ? '' : `<source media="(max-width: 44rem)" srcset="${svgUri(narrowSvg)}">`
  return `<figure>
<picture>${narrow}<img src="${svgUri(svg)}" alt="${escapeHtml(alt)}"></picture>
<figcaption>${htmlText(caption)}</figcaption>
</figure>`
}

function svgUri(svg: string): string {
  if (!svg.startsWith('<svg ')) {
    throw new ConfigError(`A chart must be an SVG document, got ${JSON.stringify(svg.slice(0, 40))}.`, {
      remedy: 'Pass what certifiedAccuracyChart or metricChart returns.',
    })
  }
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
}
