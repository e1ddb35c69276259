/** Height of a legend's line in a chart. */
const LINE_HEIGHT = 20
const FONT_SIZE = 13
const SMALLEST_FONT = 6
/** Mean width of a letter as a fraction of the font size, in the widest fonts of browsers. */
const LETTER_WIDTH = 0.6
/** Width of the drawn line beside a label, and of the gap between columns. */
const BESIDE_LABEL = 52
/** Width of the axis to the left of a chart: a legend below starts beside it. */
const AXIS_WIDTH = 56

export interface LegendLayout {
  readonly columns: number
  readonly fontSize: number
  /** Height of the legend in the chart. */
  readonly height: number
}

/**
 * Lays out a legend with every label in full: as many columns as the longest label allows, and a smaller font if a single column is too
 * narrow.
 *
 * @param width - of the chart, in CSS pixels
 */
export function legendLayout(labels: readonly string[], width: number): LegendLayout {
  const room = width - AXIS_WIDTH
  const letters = Math.max(1, ...labels.map(label => [...label].length))
  const columns = Math.min(
    Math.max(1, labels.length),
    Math.max(1, Math.floor(room / (letters * FONT_SIZE * LETTER_WIDTH + BESIDE_LABEL))),
  )
  const fits = (room / columns - BESIDE_LABEL) / (letters * LETTER_WIDTH)
  return {
    columns,
    fontSize: Math.min(FONT_SIZE, Math.max(SMALLEST_FONT, fits)),
    height: LINE_HEIGHT * Math.ceil(labels.length / columns),
  }
}
