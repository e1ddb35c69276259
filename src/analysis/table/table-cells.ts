/** What tables are made of, and how people read a cell. */

/** A mean over several runs and their sample standard deviation. */
export interface MeanAndDeviation {
  readonly mean: number
  readonly deviation: number
}

/** A certified accuracy and, as Table 1 prints it in parentheses, the accuracy of the same model at radius 0. */
export interface WithClean {
  readonly value: number
  readonly clean: number | null
}

/** null stands for a value that there is none of. */
export type Cell = string | number | null | MeanAndDeviation | WithClean

export interface Column {
  readonly header: string
  /** Decimals that numbers are printed with; a column that has them is aligned to the right. CSV keeps 12 significant digits, JSON every one. */
  readonly digits?: number
  /** Whether numbers above 0 are printed with a plus sign. Default: false. */
  readonly signed?: boolean
  /** Which of its values are best, for LaTeX and pages to print bold. Default: none. */
  readonly best?: 'largest' | 'smallest'
}

/** A table of any content, for any output. */
export interface Table {
  readonly caption: string
  readonly columns: readonly Column[]
  /** One cell per column. The first cell names the row. */
  readonly rows: readonly (readonly Cell[])[]
  /** What the table must not be read without, a sentence each: in every format, in CSV as lines that begin with `#`. */
  readonly notes?: readonly string[]
}

export function notesOf({ notes = [] }: Table): readonly string[] {
  return notes
}

/** The cell as people read it: `0.434`, `0.434 ± 0.010`, `–` for null. */
export function formatCell(cell: Cell, { digits, signed = false }: Column): string {
  if (cell === null) return '–'
  if (typeof cell === 'string') return cell
  const format = (value: number) => {
    const text = digits === undefined ? String(value) : value.toFixed(digits)
    // What rounds to zero has no sign.
    return Number(text) === 0 ? text.replace('-', '') : text
  }
  const text = format(numberOf(cell))
  const shown = signed && Number(text) > 0 ? `+${text}` : text
  if (typeof cell === 'number') return shown
  if ('mean' in cell) return `${shown} ± ${format(cell.deviation)}`
  return cell.clean === null ? shown : `${shown} (${format(cell.clean)})`
}

/** The number that a cell is about. */
export function numberOf(cell: number | MeanAndDeviation | WithClean): number {
  if (typeof cell === 'number') return cell
  return 'mean' in cell ? cell.mean : cell.value
}

/** Whether the column is aligned to the right. */
export function isNumeric({ digits }: Column): boolean {
  return digits !== undefined
}

/** Tells the best cells of a column. As printed: values that look the same are best together. Undefined where nothing is to be compared. */
export function bestOf(column: Column, cells: readonly Cell[]): ((cell: Cell) => boolean) | undefined {
  const { best } = column
  const isCompared = (cell: Cell): cell is Exclude<Cell, null | string> =>
    cell !== null && typeof cell !== 'string'
  const values = cells.filter(isCompared).map(numberOf)
  if (best === undefined || values.length < 2) return undefined
  const printed = formatCell(best === 'largest' ? Math.max(...values) : Math.min(...values), column)
  return cell => isCompared(cell) && formatCell(numberOf(cell), column) === printed
}
