/** The parts of tables, and the display form of a cell. */

/** A mean over several runs and their sample standard deviation. */
export interface MeanAndDeviation {
  readonly mean: number
  readonly deviation: number
}

/** A certified accuracy, and the accuracy of the same model at radius 0, which Table 1 prints in parentheses. */
export interface WithClean {
  readonly value: number
  readonly clean: number | null
}

/** null is a missing value. */
export type Cell = string | number | null | MeanAndDeviation | WithClean

export interface Column {
  readonly header: string
  /** Decimals of printed numbers; such a column is aligned to the right. CSV keeps 12 significant digits, JSON all of them. */
  readonly digits?: number
  /** Whether to print positive numbers with a plus sign. Default: false. */
  readonly signed?: boolean
  /** Which of its values are best; LaTeX and pages print them bold. Default: none. */
  readonly best?: 'largest' | 'smallest'
}

/** A table of any content, for any output. */
export interface Table {
  readonly caption: string
  readonly columns: readonly Column[]
  /** One cell per column. The first cell names the row. */
  readonly rows: readonly (readonly Cell[])[]
  /** Caveats of the table, one sentence each: in every format; in CSV as lines that start with `#`. */
  readonly notes?: readonly string[]
}

export function notesOf({ notes = [] }: Table): readonly string[] {
  return notes
}

/** Formats a cell for display: `0.434`, `0.434 ± 0.010`, `–` for null. */
export function formatCell(cell: Cell, { digits, signed = false }: Column): string {
  if (cell === null) return '–'
  if (typeof cell === 'string') return cell
  const format = (value: number) => {
    const text = digits === undefined ? String(value) : value.toFixed(digits)
    // A value that rounds to zero has no sign.
    return Number(text) === 0 ? text.replace('-', '') : text
  }
  const text = format(numberOf(cell))
  const shown = signed && Number(text) > 0 ? `+${text}` : text
  if (typeof cell === 'number') return shown
  if ('mean' in cell) return `${shown} ± ${format(cell.deviation)}`
  return cell.clean === null ? shown : `${shown} (${format(cell.clean)})`
}

/** Returns the main number of a cell. */
export function numberOf(cell: number | MeanAndDeviation | WithClean): number {
  if (typeof cell === 'number') return cell
  return 'mean' in cell ? cell.mean : cell.value
}

/** Whether the column is aligned to the right. */
export function isNumeric({ digits }: Column): boolean {
  return digits !== undefined
}

/**
 * Returns a test for the best cells of a column, comparing printed values: those that look the same are best together. Undefined if there
 * is nothing to compare, or all look the same.
 */
export function bestOf(column: Column, cells: readonly Cell[]): ((cell: Cell) => boolean) | undefined {
  const { best } = column
  const isCompared = (cell: Cell): cell is Exclude<Cell, null | string> =>
    cell !== null && typeof cell !== 'string'
  const values = cells.filter(isCompared).map(numberOf)
  const [smallest, largest] = [Math.min(...values), Math.max(...values)].map(value =>
    formatCell(value, column),
  )
  if (best === undefined || smallest === largest) return undefined
  const printed = best === 'largest' ? largest : smallest
  return cell => isCompared(cell) && formatCell(numberOf(cell), column) === printed
}
