/** Pixels of the picture per CSS pixel of the drawing: sharp on dense screens. */
const ZOOM = 2

/**
 * Converts a chart to a PNG file: dark ink on white. The font comes with this package, so the picture is the same on every machine.
 *
 * @param svg - Output of `renderSvg`.
 * @param options - `zoom`: pixels per CSS pixel of the drawing; 300 / 96 is 300 dots per inch. Default 2
 */
export async function svgToPng(
  svg: string,
  { zoom = ZOOM }: { readonly zoom?: number } = {},
): Promise<Buffer> {
  const { Resvg } = await import('@resvg/resvg-js')
  const fontFiles = [require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')]
  const drawing = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: zoom },
    background: '#ffffff',
    font: {
      loadSystemFonts: false,
      fontFiles,
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
  })
  return drawing.render().asPng()
}
