import { ConfigError } from '../../errors'
import { escapeHtml, htmlText, scrollable } from './html-text'

export interface GridImage {
  /** A PNG file in base64. Images up to 64 pixels wide are enlarged with sharp pixels. */
  readonly png: string
  /** The selection's result for a denoised image; absent for others. */
  readonly frame?: 'kept' | 'hallucinated'
  /** A few words below the image, for example the predicted class. */
  readonly note?: string
  /** Text alternative of the image. */
  readonly alt: string
}

export interface ImageGrid {
  readonly caption: string
  readonly columnLabels: readonly string[]
  /** One image per column label; null leaves a position empty. */
  readonly rows: readonly { readonly label: string; readonly images: readonly (GridImage | null)[] }[]
}

/** Makes a row per label; on phones the label is above its images, four or five to a line. */
export function htmlGrid({ caption, columnLabels, rows }: ImageGrid): string {
  const head = columnLabels.map(label => `<th scope="col">${htmlText(label)}</th>`)
  const body = rows.map(({ label, images }) => {
    if (images.length !== columnLabels.length) {
      throw new ConfigError(
        `The row "${label}" of the image grid must have ${columnLabels.length} images, got ${images.length}.`,
        { remedy: 'Pass one image per column label, null to leave a place empty.' },
      )
    }
    const cells = images.map((image, place) =>
      image === null
        ? '<td></td>'
        : `<td data-label="${escapeHtml(columnLabels[place] ?? '')}">${renderImage(image)}</td>`,
    )
    return `<tr><th scope="row">${htmlText(label)}</th>${cells.join('')}</tr>`
  })
  const framed = rows.some(({ images }) => images.some(image => image?.frame !== undefined))
  const key = framed
    ? '\n<p class="key"><span class="kept">kept: classified correctly</span> <span class="hallucinated">hallucinated: classified wrongly</span></p>'
    : ''
  return `<figure>
${scrollable(
  caption,
  `<table class="images" style="--columns: ${columnsOnPhones(columnLabels.length)}">
<thead><tr><td></td>${head.join('')}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>`,
)}${key}
<figcaption>${htmlText(caption)}</figcaption>
</figure>`
}

/** Five images fit one line; more are in fours, since a single one on the second line looks lost. */
function columnsOnPhones(images: number): number {
  return images <= 5 ? Math.max(1, images) : 4
}

/** Images up to this width are enlarged, each pixel a sharp square. */
const TINY_PIXELS = 64
const SHOWN_PIXELS = 72

function renderImage({ png, frame, note, alt }: GridImage): string {
  const pixels = pngWidth(png)
  const tiny = pixels <= TINY_PIXELS
  // A whole multiple, so that all pixels have the same size.
  const width = tiny
    ? pixels * Math.max(1, Math.round(SHOWN_PIXELS / pixels))
    : Math.min(pixels, 2 * SHOWN_PIXELS)
  const classes = [...(tiny ? ['tiny'] : []), ...(frame === undefined ? [] : [frame])].join(' ')
  const description = frame === undefined ? alt : `${alt}, ${frame}`
  const image = `<img class="${classes}" width="${width}" src="data:image/png;base64,${png}" alt="${escapeHtml(description)}">`
  return note === undefined ? image : `${image}<small>${escapeHtml(note)}</small>`
}

/** Reads the width from the header chunk, the first chunk of every PNG file. */
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
