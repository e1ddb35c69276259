import { join } from 'node:path'
import { z } from 'zod'
import { overSeeds } from '../../src/analysis/accuracy-table'
import type { Table } from '../../src/analysis/tables'
import { readJson } from '../../src/files/read-json'
import type { Measured } from './measure'
import { METHOD_NAMES, type MethodName } from './methods'

const spread = z.object({ mean: z.number(), sd: z.number() })
const authorsSchema = z.object({
  sigma: z.number(),
  methods: z.record(
    z.enum(METHOD_NAMES),
    z.object({ noisy_accuracy: spread, acr: spread, seeds: z.array(z.object({ seed: z.number() })) }),
  ),
})

/** What the authors' functions reach after an epoch. */
export type Authors = z.output<typeof authorsSchema>

export async function readAuthors(): Promise<Authors> {
  const authors = await readJson(join(__dirname, 'authors.json'), { schema: authorsSchema })
  if (authors === undefined) throw new Error('bench/mnist/authors.json is missing.')
  return authors
}

export interface Comparison {
  readonly method: MethodName
  readonly what: 'noisy accuracy' | 'ACR'
  readonly ours: { readonly mean: number; readonly sd: number; readonly seeds: number }
  readonly authors: { readonly mean: number; readonly sd: number; readonly seeds: number }
  /** Difference of the means over its standard deviation: the root of the sum of both variances, each over its number of seeds. */
  readonly deviations: number
}

/** Means over seeds beside the authors', for each method with two seeds at least. */
export function compare(
  measured: Readonly<Partial<Record<MethodName, readonly Measured[]>>>,
  { methods }: Authors,
): Comparison[] {
  return METHOD_NAMES.flatMap(method => {
    const runs = measured[method] ?? []
    const { noisy_accuracy, acr, seeds } = methods[method]
    const compareOne = (what: Comparison['what'], values: readonly number[], theirs: typeof acr) => {
      const cell = overSeeds(values)
      if (typeof cell === 'number') return []
      const ours = { mean: cell.mean, sd: cell.deviation, seeds: values.length }
      const authors = { ...theirs, seeds: seeds.length }
      const sd = Math.sqrt(ours.sd ** 2 / ours.seeds + authors.sd ** 2 / authors.seeds)
      return [{ method, what, ours, authors, deviations: (ours.mean - authors.mean) / sd }]
    }
    return [
      ...compareOne(
        'noisy accuracy',
        runs.map(({ noisyAccuracy }) => noisyAccuracy),
        noisy_accuracy,
      ),
      ...compareOne(
        'ACR',
        runs.map(run => run.acr),
        acr,
      ),
    ]
  })
}

export function comparisonTable(comparisons: readonly Comparison[]): Table {
  return {
    caption: 'MNIST after one epoch, σ = 0.5: mean ± standard deviation over seeds',
    columns: [
      { header: 'method' },
      { header: '' },
      { header: 'here', digits: 4 },
      { header: 'seeds', digits: 0 },
      { header: "authors' code", digits: 4 },
      { header: 'seeds', digits: 0 },
      { header: 'difference', digits: 4, signed: true },
      { header: 'in its standard deviations', digits: 1, signed: true },
    ],
    rows: comparisons.map(({ method, what, ours, authors, deviations }) => [
      ...[method, what, { mean: ours.mean, deviation: ours.sd }, ours.seeds],
      ...[{ mean: authors.mean, deviation: authors.sd }, authors.seeds],
      ...[ours.mean - authors.mean, deviations],
    ]),
  }
}
