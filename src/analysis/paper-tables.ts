import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../errors'
import { didYouMean } from '../files/nearest-name'
import { PACKAGE_FOLDER } from '../files/package-folder'
import type { Cell } from './tables'

/** Certified accuracies printed in the paper, in percent. */
export interface PaperTable {
  /** For example `table1_cifar10`. */
  readonly name: string
  /** For example `Table 1`. */
  readonly title: string
  /** The norm of `radii`: ℓ2, or ℓ∞ in the paper's notation. */
  readonly norm: { readonly kind: 'l2' } | { readonly kind: 'linf'; readonly epsilon: string }
  /** On the [0, 1] pixel scale. */
  readonly radii: readonly number[]
  readonly rows: readonly PaperRow[]
}

export interface PaperRow {
  readonly label: string
  /** null if the paper has none. */
  readonly acr: number | null
  /** One per radius; null if the paper has none. */
  readonly accuracies: readonly (number | null)[]
  /** For Table 1, one per radius: the accuracy at radius 0 of the same model. */
  readonly clean?: readonly (number | null)[]
}

/** A row of Table 16. */
export interface PaperCost {
  readonly method: string
  readonly acr: number
  /** Parameters. */
  readonly trainable: number
  readonly gpuDays: number
}

/** Source of the numbers. */
export const PAPER = 'Jang et al., TMLR 2024'

interface RawTable<Row> {
  readonly radii?: readonly number[]
  readonly epsilon?: string
  readonly rows?: readonly Row[]
}

interface RawRow {
  readonly [field: string]: Cell | readonly unknown[] | boolean | undefined
  readonly acr?: number
  readonly robust?: number
  readonly certified?: readonly (number | null)[]
  readonly cells?: readonly ({ readonly certified: number | null; readonly clean: number | null } | null)[]
}

/** Names of the paper's tables of certified accuracy. */
export function paperTableNames(): string[] {
  return Object.entries(readTables())
    .filter(([, { radii, epsilon }]) => radii !== undefined || epsilon !== undefined)
    .map(([name]) => name)
}

/**
 * Returns a table of the paper.
 *
 * @throws ConfigError for a name that is not in `paperTableNames`
 *
 * @example
 * paperTable('table1_cifar10').rows[0]?.label // => 'PixelDP (Lecuyer et al., 2019)'
 */
export function paperTable(name: string): PaperTable {
  const raw = paperTableNames().includes(name) ? readTables()[name] : undefined
  if (raw === undefined) {
    throw new ConfigError(
      `Unknown table ${JSON.stringify(name)} of certified accuracy, expected ${paperTableNames().join(', ')}.${didYouMean(name, paperTableNames())}`,
      { remedy: 'Name one of these.' },
    )
  }
  const { epsilon, radii = [], rows = [] } = raw
  return {
    name,
    title: `Table ${/\d+/.exec(name)?.[0]}`,
    norm: epsilon === undefined ? { kind: 'l2' } : { kind: 'linf', epsilon },
    radii,
    rows: rows.map(row => ({
      label: describe(row),
      acr: row.acr ?? null,
      accuracies: row.certified ?? row.cells?.map(cell => cell?.certified ?? null) ?? [row.robust ?? null],
      ...(row.cells && { clean: row.cells.map(cell => cell?.clean ?? null) }),
    })),
  }
}

const SYMBOLS: Readonly<Record<string, string>> = { sigma: 'σ', lambda: 'λ', update: 'update of D_nh' }
const NAMES = ['method', 'setup', 'classifier']
const FIGURES = ['category', 'acr', 'certified', 'cells', 'robust', 'cleanAccuracy']

/** `FT-CADIS, ViT-B/16 (85.8M)`, `σ = 0.5, update of D_nh = true`. */
function describe(row: RawRow): string {
  return Object.entries(row)
    .filter(([field]) => !FIGURES.includes(field))
    .map(([field, value]) => (NAMES.includes(field) ? value : `${SYMBOLS[field] ?? field} = ${value}`))
    .join(', ')
    .replaceAll('\u00a0', ' ')
    .replace(' (Ours)', '')
}

/** Returns Table 16, in its order: the cost of fine-tuning. */
export function paperCosts(): readonly PaperCost[] {
  return readTables<PaperCost>()['table16_imagenet_sigma0.50_cost']?.rows ?? []
}

function readTables<Row = RawRow>(): Readonly<Record<string, RawTable<Row>>> {
  const file = join(PACKAGE_FOLDER, 'assets', 'paper', 'tables.json')
  return JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, RawTable<Row>>>
}
