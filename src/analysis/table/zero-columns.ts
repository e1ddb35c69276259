import { type Cell, formatCell, isNumeric, notesOf, type Table } from './table-cells'

/** What a column prints in which everything is zero, also over several seeds. */
const ZERO = /^0(\.0*)?( ± 0(\.0*)?)?$/

/**
 * Leaves out the columns that add nothing for a reader: of adjacent ones that print zeros in every row, all but the first. The first note
 * names them.
 */
export function withoutZeroColumns(table: Table): Table {
  const { columns, rows } = table
  const isZero = columns.map(
    (column, place) =>
      rows.length > 0 &&
      isNumeric(column) &&
      rows.every(row => ZERO.test(formatCell(row[place] as Cell, column))),
  )
  const isLeftOut = (place: number) => isZero[place] === true && isZero[place - 1] === true
  const zero = columns.filter((_, place) => isLeftOut(place)).map(({ header }) => header)
  if (zero.length === 0) return table
  const kept = <T>(values: readonly T[]) => values.filter((_, place) => !isLeftOut(place))
  return {
    ...table,
    columns: kept(columns),
    rows: rows.map(kept),
    notes: [`0 in every row: ${zero.join(', ')}.`, ...notesOf(table)],
  }
}
