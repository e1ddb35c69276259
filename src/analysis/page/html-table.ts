import { bestOf } from '../table/table-cells'
import { withoutZeroColumns } from '../table/zero-columns'
import { type Cell, type Column, formatCell, isNumeric, requireRectangular, type Table } from '../tables'
import { htmlText, scrollable } from './html-text'

/** Row names up to this many characters need no room for line breaks. */
const SHORT = 8

/**
 * Renders a table without columns of zeros (`withoutZeroColumns`): the best values of a column are strong; numbers, including those in text,
 * are aligned to the right.
 */
export function htmlTable(table: Table): string {
  requireRectangular(table)
  const { caption, columns, rows, notes = [] } = withoutZeroColumns(table)
  const cellsOf = (place: number) => rows.map(row => row[place] as Cell)
  const names = cellsOf(0).map(cell => formatCell(cell, columns[0] as Column))
  const best = columns.map((column, place) => bestOf(column, cellsOf(place)))
  const align = columns.map((column, place) =>
    isNumeric(column) || (place > 0 && holdsNumbers(cellsOf(place), column)) ? ' class="number"' : '',
  )
  const head = columns.map(({ header }, place) => `<th scope="col"${align[place]}>${htmlText(header)}</th>`)
  const body = rows.map(cells =>
    cells.map((cell, place) => {
      const column = columns[place] as Column
      const text = htmlText(formatCell(cell, column))
      if (place === 0) return `<th scope="row">${text}</th>`
      return `<td${align[place]}>${best[place]?.(cell) ? `<strong>${text}</strong>` : text}</td>`
    }),
  )
  return `<figure>
<figcaption>${htmlText(caption)}</figcaption>
${scrollable(
  caption,
  `<table${names.every(name => name.length <= SHORT) ? ' class="short"' : ''}>
<thead><tr>${head.join('')}</tr></thead>
<tbody>
${body.map(cells => `<tr>${cells.join('')}</tr>`).join('\n')}
</tbody>
</table>`,
)}
${notes.map(note => `<p>${htmlText(note)}</p>\n`).join('')}</figure>`
}

/** Returns whether every cell is a number with an optional suffix, such as `+8.0 (+2.0 to +14.0)`. */
function holdsNumbers(cells: readonly Cell[], column: Column): boolean {
  return cells.length > 0 && cells.every(cell => /^(?:[+-]?\d|–$)/.test(formatCell(cell, column)))
}
