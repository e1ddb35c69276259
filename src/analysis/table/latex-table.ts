import { latexText } from './latex-text'
import {
  bestOf,
  type Cell,
  type Column,
  formatCell,
  isNumeric,
  notesOf,
  numberOf,
  type Table,
} from './table-cells'

export interface LatexOptions {
  /** Replaces the table's own caption, in verbatim LaTeX. */
  readonly caption?: string
  /** Name for `\ref`. Default: `tab:certified`. */
  readonly label?: string
}

/** Renders the table as a booktabs `table`, ready to include in a document. */
export function latexTable(table: Table, { caption, label = 'tab:certified' }: LatexOptions): string {
  const { columns, rows } = table
  const best = columns.map((column, place) =>
    bestOf(
      column,
      rows.map(row => row[place] as Cell),
    ),
  )
  const line = (cells: readonly string[]) => `    ${cells.join(' & ')} \\\\`
  return [
    '% \\usepackage{booktabs}',
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${caption ?? latexText(table.caption)}}`,
    `  \\label{${label}}`,
    `  \\begin{tabular}{${columns.map(column => (isNumeric(column) ? 'r' : 'l')).join('')}}`,
    '    \\toprule',
    line(columns.map(({ header }) => latexText(header))),
    '    \\midrule',
    ...rows.map(row =>
      line(row.map((cell, place) => latexCell(cell, columns[place] as Column, best[place]))),
    ),
    '    \\bottomrule',
    '  \\end{tabular}',
    ...notesOf(table).flatMap(note => ['', `  {\\footnotesize ${latexText(note)}\\par}`]),
    '\\end{table}',
  ].join('\n')
}

function latexCell(cell: Cell, column: Column, isBest: ReturnType<typeof bestOf>): string {
  if (cell === null || typeof cell === 'string') return latexText(formatCell(cell, column))
  const main = formatCell(numberOf(cell), column)
  const rest = formatCell(cell, column).slice(main.length)
  const shown = /^[+-]/.test(main) ? `$${main}$` : main
  return `${isBest?.(cell) ? `\\textbf{${shown}}` : shown}${latexText(rest)}`
}
