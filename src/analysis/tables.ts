import { ConfigError } from '../errors'
import { visibleLine, visibleText } from '../files/visible-text'
import { wrapWords } from '../files/wrap-words'
import { type LatexOptions, latexTable } from './table/latex-table'
import { type Cell, type Column, formatCell, isNumeric, notesOf, type Table } from './table/table-cells'
import { withoutZeroColumns } from './table/zero-columns'
import { drawGrid } from './terminal-grid'

export type { Cell, Column, MeanAndDeviation, Table, WithClean } from './table/table-cells'
export { formatCell, isNumeric } from './table/table-cells'

export const TABLE_FORMATS = ['terminal', 'markdown', 'latex', 'csv', 'json'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

/**
 * Renders the table as text, without a final newline, escaped for the format. LaTeX needs the package booktabs; the best values of columns
 * with `best` are bold. In a terminal, the table is fitted to its width (`drawGrid`), without columns of zeros (`withoutZeroColumns`). CSV
 * (RFC 4180 except for notes) has 12 significant digits, JSON all of them. CSV adds a column `<header> sd` after each column with
 * deviations, and `<header> clean` after one with clean accuracies.
 *
 * @throws ConfigError if a row has more or fewer cells than there are columns
 *
 * @example
 * const table = { caption: 'ACR', columns: [{ header: 'method' }, { header: 'ACR', digits: 2 }], rows: [['mine', 0.5]] }
 * renderTable(table, 'csv') // => 'method,ACR\nmine,0.5'
 */
export function renderTable(table: Table, format: TableFormat, options: LatexOptions = {}): string {
  requireRectangular(table)
  return renderers[format](table, options)
}

/**
 * Renders several tables as one text, separated by an empty line; in JSON one object, `{ "tables": [...], "notes": [...] }`. In LaTeX a
 * given caption is for the first table, and the labels of the others are numbered. These notes are only in JSON, since they would get in
 * the way of pasting a table into a document; notes of a table are in all formats.
 *
 * @throws as `renderTable`
 */
export function renderTables(
  { tables, notes }: { readonly tables: readonly Table[]; readonly notes: readonly string[] },
  format: TableFormat,
  { caption, label }: LatexOptions = {},
): string {
  if (format !== 'json') {
    return tables
      .map((table, place) =>
        renderTable(table, format, {
          ...(caption !== undefined && place === 0 && { caption }),
          ...(label !== undefined && { label: place === 0 ? label : `${label}-${place + 1}` }),
        }),
      )
      .join('\n\n')
  }
  tables.forEach(requireRectangular)
  return JSON.stringify({ tables: tables.map(jsonTable), notes }, null, 2)
}

/** @throws ConfigError if a row has more or fewer cells than there are columns */
export function requireRectangular({ caption, columns, rows }: Table): void {
  const position = rows.findIndex(row => row.length !== columns.length)
  if (position === -1) return
  throw new ConfigError(
    `Row ${position} of the table "${caption}" must have ${columns.length} cells, got ${rows[position]?.length}.`,
    { remedy: 'Pass one cell per column, null for a missing value.' },
  )
}

const renderers: Record<TableFormat, (table: Table, options: LatexOptions) => string> = {
  terminal(whole) {
    const table = withoutZeroColumns(whole)
    const grid = drawGrid({
      head: table.columns.map(({ header }) => visibleLine(header)),
      rows: formattedRows(table).map(row => row.map(visibleLine)),
      isNumeric: table.columns.map(isNumeric),
    })
    const prose = (text: string) => wrapWords(visibleText(text))
    return [prose(table.caption), grid, ...notesOf(table).map(prose)].join('\n')
  },

  markdown(table) {
    const { caption, columns } = table
    const cells = [columns.map(({ header }) => header), ...formattedRows(table)].map(row =>
      row.map(escapeMarkdown),
    )
    const widths = columns.map((_, column) =>
      Math.max(3, ...cells.map(row => (row[column] as string).length)),
    )
    const line = (row: readonly string[]) =>
      `| ${row.map((cell, column) => pad(cell, widths[column] as number, columns[column] as Column)).join(' | ')} |`
    const rule = columns.map((column, position) => {
      const dashes = '-'.repeat((widths[position] as number) - 1)
      return isNumeric(column) ? `${dashes}:` : `-${dashes}`
    })
    const [head, ...body] = cells as [string[], ...string[][]]
    return [
      ...[escapeMarkdown(caption), '', line(head), `| ${rule.join(' | ')} |`, ...body.map(line)],
      ...notesOf(table).flatMap(note => ['', escapeMarkdown(note)]),
    ].join('\n')
  },

  latex: latexTable,

  csv(table) {
    const { columns, rows } = table
    const second = columns.map((_, column) => secondOf(rows.map(row => row[column] as Cell)))
    const lines = [
      columns.flatMap(({ header }, column) => {
        const name = second[column]
        return name === undefined ? [header] : [header, `${header} ${name}`]
      }),
      ...rows.map(row =>
        row.flatMap((cell, column) => {
          const values = valuesOf(cell)
          return second[column] === undefined ? values.slice(0, 1) : values
        }),
      ),
    ]
    const comments = notesOf(table).map(note => `# ${note.replace(/\s*\n\s*/g, ' ')}`)
    return [...comments, ...lines.map(line => line.map(escapeCsv).join(','))].join('\n')
  },

  json: table => JSON.stringify(jsonTable(table), null, 2),
}

function jsonTable(table: Table) {
  const { caption, columns, rows } = table
  const notes = notesOf(table)
  return {
    caption,
    columns: columns.map(({ header }) => header),
    rows,
    ...(notes.length > 0 && { notes }),
  }
}

function formattedRows({ columns, rows }: Table): string[][] {
  return rows.map(row => row.map((cell, column) => formatCell(cell, columns[column] as Column)))
}

/** Returns the CSV name of a column's second number; undefined if no cell has one. */
function secondOf(cells: readonly Cell[]): string | undefined {
  for (const cell of cells) {
    if (typeof cell === 'object' && cell !== null) return 'mean' in cell ? 'sd' : 'clean'
  }
  return undefined
}

/** Returns both values of a cell for CSV; the second is empty if there is none. */
function valuesOf(cell: Cell): [string, string] {
  if (cell === null) return ['', '']
  if (typeof cell === 'string') return [cell, '']
  if (typeof cell === 'number') return [plainNumber(cell), '']
  const values = 'mean' in cell ? [cell.mean, cell.deviation] : [cell.value, cell.clean]
  const [first = '', second = ''] = values.map(value => (value === null ? '' : plainNumber(value)))
  return [first, second]
}

/** Formats to 12 significant digits, without rounding errors of doubles: `48.21`, not `48.209999999999994`. */
function plainNumber(value: number): string {
  return String(Number(value.toPrecision(12)))
}

function pad(text: string, width: number, column: Column): string {
  return isNumeric(column) ? text.padStart(width) : text.padEnd(width)
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_<|[\]]/g, '\\$&').replace(/\s*\n\s*/g, ' ')
}

function escapeCsv(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
