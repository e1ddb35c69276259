import { ConfigError } from '../errors'
import { visibleLine, visibleText } from '../files/visible-text'
import { drawGrid } from './terminal-grid'

/** A mean over several runs and their sample standard deviation. */
export interface MeanAndDeviation {
  readonly mean: number
  readonly deviation: number
}

/** null stands for a value that there is none of. */
export type Cell = string | number | null | MeanAndDeviation

export interface Column {
  readonly header: string
  /** Decimals that numbers are printed with; a column that has them is aligned to the right. CSV and JSON keep every digit. */
  readonly digits?: number
  /** Whether numbers above 0 are printed with a plus sign. Default: false. */
  readonly signed?: boolean
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

export const TABLE_FORMATS = ['terminal', 'markdown', 'latex', 'csv', 'json'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

/**
 * The table as text, without a newline at the end. Text is escaped for the format; LaTeX needs the package booktabs. In a
 * terminal a table is as narrow as that is (`drawGrid`).
 * CSV (RFC 4180 but for notes) and JSON hold every digit; CSV has a column `<header> sd` beside each column that holds deviations.
 *
 * @throws ConfigError when a row has more or fewer cells than there are columns
 *
 * @example
 * const table = { caption: 'ACR', columns: [{ header: 'method' }, { header: 'ACR', digits: 2 }], rows: [['mine', 0.5]] }
 * renderTable(table, 'csv') // => 'method,ACR\nmine,0.5'
 */
export function renderTable(table: Table, format: TableFormat): string {
  requireRectangular(table)
  return renderers[format](table)
}

/**
 * Several tables as one text, an empty line between them; as JSON one object, `{ "tables": [...], "notes": [...] }`.
 * These notes are in no other format, where they would be in the way of pasting a table into a document; those of a
 * table are in all.
 *
 * @throws as `renderTable`
 */
export function renderTables(
  { tables, notes }: { readonly tables: readonly Table[]; readonly notes: readonly string[] },
  format: TableFormat,
): string {
  if (format !== 'json') return tables.map(table => renderTable(table, format)).join('\n\n')
  tables.forEach(requireRectangular)
  return JSON.stringify({ tables: tables.map(jsonTable), notes }, null, 2)
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
  const value = typeof cell === 'number' ? cell : cell.mean
  const text = format(value)
  const shown = signed && Number(text) > 0 ? `+${text}` : text
  return typeof cell === 'number' ? shown : `${shown} ± ${format(cell.deviation)}`
}

/** Whether the column is aligned to the right. */
export function isNumeric({ digits }: Column): boolean {
  return digits !== undefined
}

/** @throws ConfigError when a row has more or fewer cells than there are columns */
export function requireRectangular({ caption, columns, rows }: Table): void {
  const position = rows.findIndex(row => row.length !== columns.length)
  if (position === -1) return
  throw new ConfigError(
    `Row ${position} of the table "${caption}" must have ${columns.length} cells, got ${rows[position]?.length}.`,
    { remedy: 'Pass one cell per column, null where there is no value.' },
  )
}

const renderers: Record<TableFormat, (table: Table) => string> = {
  terminal(table) {
    const grid = drawGrid({
      head: table.columns.map(({ header }) => visibleLine(header)),
      rows: formattedRows(table).map(row => row.map(visibleLine)),
      isNumeric: table.columns.map(isNumeric),
    })
    return [visibleText(table.caption), grid, ...notesOf(table).map(visibleText)].join('\n')
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

  latex(table) {
    const { caption, columns } = table
    const line = (row: readonly string[]) => `    ${row.map(escapeLatex).join(' & ')} \\\\`
    return [
      '\\begin{table}',
      '  \\centering',
      `  \\caption{${escapeLatex(caption)}}`,
      `  \\begin{tabular}{${columns.map(column => (isNumeric(column) ? 'r' : 'l')).join('')}}`,
      '    \\toprule',
      line(columns.map(({ header }) => header)),
      '    \\midrule',
      ...formattedRows(table).map(line),
      '    \\bottomrule',
      '  \\end{tabular}',
      ...notesOf(table).flatMap(note => ['', `  {\\footnotesize ${escapeLatex(note)}\\par}`]),
      '\\end{table}',
    ].join('\n')
  },

  csv(table) {
    const { columns, rows } = table
    const withDeviation = columns.map((_, column) => rows.some(row => isMean(row[column] as Cell)))
    const spread = <T>(value: T, deviation: T, column: number) =>
      withDeviation[column] ? [value, deviation] : [value]
    const lines = [
      columns.flatMap(({ header }, column) => spread(header, `${header} sd`, column)),
      ...rows.map(row =>
        row.flatMap((cell, column) =>
          isMean(cell) ? [cell.mean, cell.deviation] : spread(cell ?? '', '', column),
        ),
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

function notesOf({ notes = [] }: Table): readonly string[] {
  return notes
}

function formattedRows({ columns, rows }: Table): string[][] {
  return rows.map(row => row.map((cell, column) => formatCell(cell, columns[column] as Column)))
}

function isMean(cell: Cell): cell is MeanAndDeviation {
  return typeof cell === 'object' && cell !== null
}

function pad(text: string, width: number, column: Column): string {
  return isNumeric(column) ? text.padStart(width) : text.padEnd(width)
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_<|[\]]/g, '\\$&').replace(/\s*\n\s*/g, ' ')
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '±': '$\\pm$',
  '≥': '$\\ge$',
  '√': '$\\surd$',
  '∞': '$\\infty$',
  ℓ: '$\\ell$',
  α: '$\\alpha$',
  ε: '$\\varepsilon$',
  λ: '$\\lambda$',
  ρ: '$\\rho$',
  σ: '$\\sigma$',
  '–': '--',
  '−': '$-$',
}

function escapeLatex(text: string): string {
  return text.replace(/[\\~^±≥√∞ℓαελρσ–−]|[&%$#_{}]/gu, character => LATEX[character] ?? `\\${character}`)
}

function escapeCsv(value: string | number): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
