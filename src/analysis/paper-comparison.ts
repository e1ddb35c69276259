import { ConfigError } from '../errors'
import { radiusColumns } from './accuracy-table'
import { accuraciesOf, acrOf, type Epsilon, lInfinityAccuraciesOf } from './measures'
import { PAPER, type PaperTable } from './paper-tables'
import type { Method } from './runs'
import type { Cell, Column, Table } from './tables'

/**
 * Compares the methods with a table of the paper at the paper's radii: first all rows, then the differences in percentage points, one row
 * per pair. No difference if either value is missing.
 *
 * @param options - `dimensions`: needed for an ℓ∞ table
 * @throws ConfigError for an ℓ∞ table without dimensions
 */
export function paperComparison(
  methods: readonly Method[],
  table: PaperTable,
  { dimensions }: { readonly dimensions?: number | undefined } = {},
): [values: Table, differences: Table] {
  const { name, title, rows } = table
  const hasAcr = rows.some(({ acr }) => acr !== null)
  const accuracyColumns = columnsOf(table)
  const acrColumn = hasAcr ? [{ header: 'ACR', digits: 3 }] : []
  const own = methods.map(method => ({
    label: method.name,
    cells: [...ownAccuracies(method, table, dimensions), ...(hasAcr ? [acrOf(method)] : [])],
  }))
  const papers = rows.map(({ label, acr, accuracies }) => ({
    label,
    cells: [...accuracies, ...(hasAcr ? [acr] : [])],
  }))
  const columns: Column[] = [...accuracyColumns, ...acrColumn]
  return [
    {
      caption: `Certified accuracy in percent beside ${title} (${name}) of the paper (${PAPER})`,
      columns: [{ header: 'method' }, { header: 'source' }, ...columns],
      rows: [
        ...own.map(({ label, cells }) => [label, 'logs', ...cells]),
        ...papers.map(({ label, cells }) => [label, `paper, ${title}`, ...cells]),
      ],
    },
    {
      caption: `Differences to ${title} (${name}) of the paper (${PAPER}), the logs minus the paper, in percentage points${hasAcr ? ' (ACR: in ℓ2 radius)' : ''}`,
      columns: [
        { header: 'method' },
        { header: "paper's row" },
        ...columns.map(({ best: _, ...column }): Column => ({ ...column, signed: true })),
      ],
      rows: own.flatMap(({ label, cells }) =>
        papers.map(paper => [
          label,
          paper.label,
          ...cells.map((cell, position) => minus(cell, paper.cells[position] ?? null)),
        ]),
      ),
    },
  ]
}

function columnsOf({ norm, radii }: PaperTable): Column[] {
  return norm.kind === 'l2'
    ? radiusColumns(radii, { best: 'largest' })
    : [{ header: `ε = ${norm.epsilon}`, digits: 1 }]
}

function ownAccuracies(
  method: Method,
  { name, norm, radii }: PaperTable,
  dimensions: number | undefined,
): Cell[] {
  if (norm.kind === 'l2') return accuraciesOf(method, radii)
  if (dimensions === undefined) {
    throw new ConfigError(`${name} is a table of ℓ∞ radii, which depend on the number of dimensions.`, {
      remedy: 'Give it with --linf, for instance --linf 3072 for CIFAR-10.',
    })
  }
  return lInfinityAccuraciesOf(method, { dimensions, epsilons: [parseEpsilon(norm.epsilon)] })
}

/**
 * Parses an l∞ radius from a number or a fraction: `0.01`, `2/255`.
 *
 * @throws ConfigError for anything else
 */
export function parseEpsilon(text: string): Epsilon {
  const [, numerator, denominator = '1'] = /^\s*([\d.]+)\s*(?:\/\s*([\d.]+))?\s*$/.exec(text) ?? []
  const value = Number(numerator) / Number(denominator)
  if (value >= 0 && Number.isFinite(value)) return { text: text.trim(), value }
  throw new ConfigError(
    `An ℓ∞ radius must be a number or a fraction of at least 0, got ${JSON.stringify(text)}.`,
    {
      remedy: 'Write for instance 2/255.',
    },
  )
}

function minus(cell: Cell, reference: Cell): Cell {
  if (typeof reference !== 'number' || cell === null || typeof cell === 'string') return null
  if (typeof cell === 'number') return cell - reference
  if ('value' in cell) return cell.value - reference
  return { mean: cell.mean - reference, deviation: cell.deviation }
}
