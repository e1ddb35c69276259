import { ConfigError } from '../errors'
import { REPORT_STYLE } from './report-style'
import { formatCell, isNumeric, requireRectangular, type Table } from './tables'

export interface Chart {
  /** An SVG document. */
  readonly svg: string
  /** The same chart drawn for phones, about 340 pixels wide: shrinking a wide one would make its text too small. */
  readonly narrowSvg?: string
  readonly caption: string
  /** What the chart shows, for readers who do not see it. */
  readonly alt: string
}

export interface GridImage {
  /** A PNG file in base64. Up to 64 pixels wide it is enlarged with sharp pixels. */
  readonly png: string
  /** What selection makes of a denoised image; none for others. */
  readonly frame?: 'kept' | 'hallucinated'
  /** A few words below the image, for instance the predicted class. */
  readonly note?: string
  /** What the image shows, for readers who do not see it. */
  readonly alt: string
}

export interface ImageGrid {
  readonly caption: string
  readonly columnLabels: readonly string[]
  /** One image per column label; null leaves a place empty. */
  readonly rows: readonly { readonly label: string; readonly images: readonly (GridImage | null)[] }[]
}

export type ReportSection = { readonly title?: string } & (
  | { readonly kind: 'text'; readonly paragraphs: readonly string[] }
  | { readonly kind: 'table'; readonly table: Table }
  /** Side by side where there is room. */
  | { readonly kind: 'charts'; readonly charts: readonly Chart[] }
  | { readonly kind: 'imageGrid'; readonly grid: ImageGrid }
)

export interface Report {
  readonly title: string
  /** What the reader should know first. */
  readonly lead: string
  readonly sections: readonly ReportSection[]
}

/**
 * One HTML page that needs no other file, no network and no script: text is escaped, and pictures are embedded as images, where
 * nothing in them can run. Fits desktops and phones, follows the reader's light or dark colour scheme.
 *
 * @throws ConfigError for a table or grid that is not rectangular, an SVG or PNG that is none
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
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(lead)}</p>
${sections.map(renderSection).join('\n')}
</main>
</body>
</html>
`
}

function renderSection(section: ReportSection): string {
  const heading = section.title === undefined ? '' : `<h2>${escapeHtml(section.title)}</h2>\n`
  return `<section>\n${heading}${renderContent(section)}\n</section>`
}

function renderContent(section: ReportSection): string {
  switch (section.kind) {
    case 'text':
      return section.paragraphs.map(paragraph => `<p>${escapeHtml(paragraph)}</p>`).join('\n')
    case 'table':
      return renderTable(section.table)
    case 'charts':
      return `<div class="charts">\n${section.charts.map(renderChart).join('\n')}\n</div>`
    case 'imageGrid':
      return renderGrid(section.grid)
  }
}

function renderTable(table: Table): string {
  requireRectangular(table)
  const { caption, columns, rows, notes = [] } = table
  const align = (column: number) =>
    isNumeric(columns[column] as Table['columns'][number]) ? ' class="number"' : ''
  const head = columns.map(
    ({ header }, column) => `<th scope="col"${align(column)}>${escapeHtml(header)}</th>`,
  )
  const body = rows.map(cells =>
    cells.map((cell, column) => {
      const text = escapeHtml(formatCell(cell, columns[column] as Table['columns'][number]))
      return column === 0 ? `<th scope="row">${text}</th>` : `<td${align(column)}>${text}</td>`
    }),
  )
  return `<figure>
<figcaption>${escapeHtml(caption)}</figcaption>
${scrollable(
  caption,
  `<table>
<thead><tr>${head.join('')}</tr></thead>
<tbody>
${body.map(cells => `<tr>${cells.join('')}</tr>`).join('\n')}
</tbody>
</table>`,
)}
${notes.map(note => `<p>${escapeHtml(note)}</p>\n`).join('')}</figure>`
}

function renderChart({ svg, narrowSvg, caption, alt }: Chart): string {
  const narrow =
    narrowSvg === undefined ? '' : `<source media="(max-width: 44rem)" srcset="${svgUri(narrowSvg)}">`
  return `<figure>
<picture>${narrow}<img src="${svgUri(svg)}" alt="${escapeHtml(alt)}"></picture>
<figcaption>${escapeHtml(caption)}</figcaption>
</figure>`
}

function renderGrid({ caption, columnLabels, rows }: ImageGrid): string {
  const head = columnLabels.map(label => `<th scope="col">${escapeHtml(label)}</th>`)
  const body = rows.map(({ label, images }) => {
    if (images.length !== columnLabels.length) {
      throw new ConfigError(
        `The row "${label}" of the image grid must have ${columnLabels.length} images, got ${images.length}.`,
        { remedy: 'Pass one image per column label, null to leave a place empty.' },
      )
    }
    return `<tr><th scope="row">${escapeHtml(label)}</th>${images.map(image => `<td>${image === null ? '' : renderImage(image)}</td>`).join('')}</tr>`
  })
  const framed = rows.some(({ images }) => images.some(image => image?.frame !== undefined))
  const key = framed
    ? '\n<p class="key"><span class="kept">kept: classified correctly</span> <span class="hallucinated">hallucinated: classified wrongly</span></p>'
    : ''
  return `<figure>
${scrollable(
  caption,
  `<table class="images">
<thead><tr><td></td>${head.join('')}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>`,
)}${key}
<figcaption>${escapeHtml(caption)}</figcaption>
</figure>`
}

/** Images up to this width are shown larger than they are, each pixel a sharp square. */
const TINY_PIXELS = 64
const SHOWN_PIXELS = 72

function renderImage({ png, frame, note, alt }: GridImage): string {
  const pixels = pngWidth(png)
  const tiny = pixels <= TINY_PIXELS
  // A whole multiple, so that all pixels come out the same size.
  const width = tiny
    ? pixels * Math.max(1, Math.round(SHOWN_PIXELS / pixels))
    : Math.min(pixels, 2 * SHOWN_PIXELS)
  const classes = [...(tiny ? ['tiny'] : []), ...(frame === undefined ? [] : [frame])].join(' ')
  const description = frame === undefined ? alt : `${alt}, ${frame}`
  const image = `<img class="${classes}" width="${width}" src="data:image/png;base64,${png}" alt="${escapeHtml(description)}">`
  return note === undefined ? image : `${image}<small>${escapeHtml(note)}</small>`
}

/** Width from the header chunk, which stands first in every PNG file. */
function pngWidth(png: string): number {
  const header = Buffer.from(png.slice(0, 32), 'base64')
  if (
    /^[A-Za-z0-9+/]+={0,2}$/.test(png) &&
    header.length === 24 &&
    header.toString('latin1', 1, 4) === 'PNG'
  ) {
    return header.readUInt32BE(16)
  }
  throw new ConfigError(`An image must be a PNG file in base64, got ${JSON.stringify(png.slice(0, 40))}.`, {
    remedy: 'Encode the image as PNG, without a data URI in front.',
  })
}

function svgUri(svg: string): string {
  if (!svg.startsWith('<svg ')) {
    throw new ConfigError(`A chart must be an SVG document, got ${JSON.stringify(svg.slice(0, 40))}.`, {
      remedy: 'Pass what certifiedAccuracyChart or metricChart returns.',
    })
  }
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
}

/** Scrolls inside its frame, also from the keyboard, where the page is too narrow. */
function scrollable(label: string, content: string): string {
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(label)}">\n${content}\n</div>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] as string)
}
