/** Pixels of the picture for each CSS pixel of the drawing: sharp on dense screens. */
const ZOOM = 2

/**
 * A chart as a PNG file: dark ink on white. The font comes with this package, so that the
 * picture is the same on a machine that has none.
 *
 * @param svg - What `renderSvg` draws.
 * @param options.zoom - pixels for each CSS pixel of the drawing; 300 / 96 is 300 dots an inch. Default 2.
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
