import CliTable from 'cli-table3'

/** Texts in rows and columns. */
export interface Grid {
  readonly head: readonly string[]
  /** One text per column. The first names the row. */
  readonly rows: readonly (readonly string[])[]
  /** Whether a column holds numbers, which are aligned to the right. */
  readonly isNumeric: readonly boolean[]
}

/** Spaces on both sides of a cell's text. */
const PADDING = 2

/** Smallest width of a column. */
const LEAST_WIDTH = 12

/**
 * Draws a grid with box characters, no wider than the terminal. A grid that is too wide is transposed if that fits, and is otherwise split
 * into parts that repeat the first column.
 *
 * @param width - columns of the terminal. Default: those of stdout; unlimited without a terminal.
 */
export function drawGrid(grid: Grid, width: number = process.stdout.columns ?? Infinity): string {
  const fitting = [grid, ...(grid.head.length > 1 ? [transposed(grid)] : [])]
    .map(form => draw(form))
    .find(drawn => widthOf(drawn) <= width)
  return (
    fitting ??
    partsOf(grid, width)
      .map(part => draw(part, width))
      .join('\n')
  )
}

/** Each part has as many columns as fit beside the first. */
function partsOf(grid: Grid, width: number): Grid[] {
  const [first = 0, ...others] = columnWidths(draw(grid))
  const named = Math.min(first, Math.floor(width / 2))
  const parts: number[][] = [[0]]
  let free = width - named - 2
  for (const [place, wanted] of others.entries()) {
    const taken = Math.min(wanted, width - named - 2) + 1
    if (taken > free && (parts.at(-1)?.length ?? 0) > 1) {
      parts.push([0])
      free = width - named - 2
    }
    parts.at(-1)?.push(place + 1)
    free -= taken
  }
  return parts.map(columns => columnsOf(grid, columns))
}

function columnsOf({ head, rows, isNumeric }: Grid, columns: readonly number[]): Grid {
  const pick = <T>(values: readonly T[]) => columns.map(column => values[column] as T)
  return { head: pick(head), rows: rows.map(pick), isNumeric: pick(isNumeric) }
}

function transposed({ head, rows }: Grid): Grid {
  return {
    head: [head[0] ?? '', ...rows.map(([name = '']) => name)],
    rows: head.slice(1).map((header, place) => [header, ...rows.map(row => row[place + 1] ?? '')]),
    isNumeric: [false, ...rows.map(() => true)],
  }
}

/** One rule, below the head. Texts wrap if they do not fit the width. */
function draw({ head, rows, isNumeric }: Grid, width = Infinity): string {
  const render = (colWidths: (number | null)[]) => {
    const table = new CliTable({
      ...{ head: [...head], colAligns: isNumeric.map(right => (right ? 'right' : 'left')) },
      ...{ style: { head: [], border: [] }, wordWrap: true, colWidths },
    })
    table.push(...rows.map(row => row.map((text, column) => broken(text, colWidths[column]))))
    return withOneRule(table.toString())
  }
  const drawn = render([])
  return widthOf(drawn) <= width ? drawn : render(narrowed(columnWidths(drawn), width))
}

/** Breaks words that are longer than a line of their column, such as paths, which would otherwise be cut. */
function broken(text: string, width: number | null | undefined): string {
  if (typeof width !== 'number') return text
  const line = new RegExp(`.{1,${Math.max(1, width - PADDING)}}`, 'gu')
  return text
    .split(' ')
    .map(word => word.match(line)?.join('\n') ?? word)
    .join(' ')
}

/** The widest columns shrink first. */
function narrowed(widths: readonly number[], width: number): number[] {
  const room = width - widths.length - 1
  const widest = Math.max(...widths)
  const narrowest = Math.min(widest, LEAST_WIDTH)
  const limits = Array.from({ length: widest - narrowest + 1 }, (_, less) => widest - less)
  const total = (limit: number) => widths.reduce((sum, each) => sum + Math.min(each, limit), 0)
  const limit = limits.find(each => total(each) <= room) ?? narrowest
  return widths.map(each => Math.min(each, limit))
}

function withOneRule(drawn: string): string {
  const lines = drawn.split('\n')
  const rule = lines.findIndex(line => line.startsWith('├'))
  return lines.filter((line, place) => place <= rule || !line.startsWith('├')).join('\n')
}

function widthOf(drawn: string): number {
  return drawn.indexOf('\n')
}

/** Returns the widths of the columns, with the space around their texts. */
function columnWidths(drawn: string): number[] {
  return drawn
    .slice(1, widthOf(drawn) - 1)
    .split('┬')
    .map(({ length }) => length)
}
