/** What a line of a legend takes of a chart's height. */
const LINE_HEIGHT = 20
const FONT_SIZE = 13
const SMALLEST_FONT = 6
/** Of a letter, as a part of the size of its font: what the widest fonts of browsers take in the mean. */
const LETTER_WIDTH = 0.6
/** The drawn line beside a label, and what keeps columns apart. */
const BESIDE_LABEL = 52
/** The axis to the left of a chart: a legend below begins beside it. */
const AXIS_WIDTH = 56

export interface LegendLayout {
  readonly columns: number
  readonly fontSize: number
  /** What the legend takes of the chart's height. */
  readonly height: number
}

/**
 * How a legend is set so that every label is whole: as many columns as the longest label leaves room for, and a smaller font where one
 * alone is too long.
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
