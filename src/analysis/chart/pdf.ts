import type { ChartSize } from './svg'

type DrawSvg = (
  document: PDFKit.PDFDocument,
  svg: string,
  x: number,
  y: number,
  options: {
    readonly width: number
    readonly height: number
    readonly assumePt: boolean
    readonly fontCallback: () => string
  },
) => void

/** PDF points per CSS pixel. */
const POINTS = 72 / 96

/**
 * Converts a chart to a PDF file with one page: vectors and embedded fonts, dark ink on white.
 *
 * @param svg - Output of `renderSvg`.
 */
export async function svgToPdf(svg: string): Promise<Buffer> {
  const { default: PdfDocument } = await import('pdfkit')
  // The package has no types.
  const draw = require('svg-to-pdfkit') as DrawSvg
  const { width, height } = sizeOf(svg)
  const document = new PdfDocument({
    size: [width * POINTS, height * POINTS],
    margin: 0,
    // Makes the file deterministic.
    info: { CreationDate: new Date(0), ModDate: new Date(0) },
  })
  const chunks: Buffer[] = []
  const done = new Promise<Buffer>((resolve, reject) => {
    document.on('data', (chunk: Buffer) => chunks.push(chunk))
    document.on('end', () => resolve(Buffer.concat(chunks)))
    document.on('error', reject)
  })
  document.registerFont('DejaVu', require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'))
  document.scale(POINTS)
  draw(document, svg, 0, 0, {
    ...{ width, height, assumePt: true },
    fontCallback: () => 'DejaVu',
  })
  document.end()
  return done
}

/** Returns the size in an SVG document, in CSS pixels. */
function sizeOf(svg: string): Required<ChartSize> {
  const [opening = ''] = /<svg [^>]*>/.exec(svg) ?? []
  const [width, height] = ['width', 'height'].map(name =>
    Number(new RegExp(` ${name}="([\\d.]+)"`).exec(opening)?.[1]),
  )
  if (width === undefined || height === undefined || !(width > 0 && height > 0)) {
    throw new RangeError('The drawing says no size.')
  }
  return { width, height }
}
