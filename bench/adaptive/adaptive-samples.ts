/**
 * Votes that adaptive certification uses, and what it certifies, beside CERTIFY with n votes: on the images of
 * certification logs, with new votes drawn from the shares that the logs make plausible.
 *
 *     npx ts-node bench/adaptive/adaptive-samples.ts --logs <folder> --n 10000,100000 --json bench/results/adaptive-samples.json
 */
import { renderTable, type Table } from '../../src/analysis'
import { GridCertification } from '../../src/certification/adaptive/grid-certification'
import { SizedCertification } from '../../src/certification/adaptive/sized-certification'
import { parseNumber, parseNumbers } from '../../src/cli/option-values'
import { createProgram, runMain } from '../../src/cli/program'
import { gaussianBound } from '../../src/statistics/bound'
import { type ReplayedLog, readLogs } from './adaptive-logs'
import { type Comparison, replay } from './adaptive-replay'
import { writeFigures } from './write-figures'

interface Options {
  readonly logs: string
  readonly n: readonly number[]
  readonly n0: number
  readonly radii: readonly number[]
  readonly worth: number
  readonly maxRadiusLoss: number
  readonly repeats: number
  readonly seed: number
  readonly json?: string
}

interface LogResult {
  readonly log: string
  readonly grid: Comparison
  /** The grid with radius 0 before it. */
  readonly gridWithZero: Comparison
  readonly sized: Comparison
}

void runMain(async () => {
  const count = parseNumber({ min: 1, integer: true })
  const program = createProgram('adaptive-samples', 'Count the votes that adaptive certification uses.')
    .requiredOption('--logs <folder>', 'certification logs whose images are certified')
    .option('--n <numbers>', 'votes of CERTIFY', parseNumbers({ min: 1, integer: true }), [10_000, 100_000])
    .option('--n0 <number>', 'votes of the selection', count, 100)
    .option('--radii <numbers>', 'the grid', parseNumbers({ min: 0 }), [0.25, 0.5, 0.75, 1, 1.25, 1.5])
    .option('--worth <number>', 'of one more certified radius, in n', parseNumber({ min: 0 }), 5)
    .option('--max-radius-loss <number>', 'of the input-specific sizes', parseNumber({ min: 0 }), 0.05)
    .option('--repeats <number>', 'certifications of each image', count, 4)
    .option('--seed <number>', 'of the votes', parseNumber({ min: 0, integer: true }), 0)
    .option('--json <file>', 'where the result is written as well')
  const options = (await program.parseAsync()).opts<Options>()
  const logs = await readLogs(options.logs)
  const results = options.n.map(n => ({ n, logs: compareLogs(logs, { ...options, n }) }))
  for (const { n, logs: compared } of results) {
    console.log(
      tablesOf(compared, n)
        .map(table => renderTable(table, 'markdown'))
        .join('\n\n'),
    )
  }
  if (options.json !== undefined) {
    const { n0, radii, worth, maxRadiusLoss, repeats, seed } = options
    await writeFigures(options.json, { n0, radii, worth, maxRadiusLoss, repeats, seed, results })
  }
})

function compareLogs(
  logs: readonly ReplayedLog[],
  { n, n0, radii, worth, maxRadiusLoss, repeats, seed }: Omit<Options, 'n'> & { readonly n: number },
): LogResult[] {
  const grids = new Map<
    string,
    { readonly grid: GridCertification; readonly gridWithZero: GridCertification }
  >()
  return logs.map(log => {
    const { name, sigma, alpha } = log
    const bound = gaussianBound(sigma)
    const key = `${sigma} ${alpha}`
    const { grid, gridWithZero } = grids.get(key) ?? {
      grid: new GridCertification({ bound, alpha, n, radii, worth: worth * n }),
      gridWithZero: new GridCertification({ bound, alpha, n, radii: [0, ...radii], worth: worth * n }),
    }
    grids.set(key, { grid, gridWithZero })
    const options = { n, n0, radii, repeats, seed }
    return {
      log: name,
      grid: replay(log, grid, options),
      gridWithZero: replay(log, gridWithZero, { ...options, radii: [0, ...radii] }),
      sized: replay(log, new SizedCertification({ bound, alpha, n, maxRadiusLoss }), options),
    }
  })
}

function tablesOf(results: readonly LogResult[], n: number): Table[] {
  const pooled = (of: (result: LogResult) => Comparison) => {
    const votes = results.map(result => of(result).votes)
    const fixed = results.map(result => of(result).votes * of(result).ratio)
    return sum(fixed) / sum(votes)
  }
  const grid: Table = {
    caption: `n = ${n}: certified accuracy of CERTIFY in percent, and how many points the grid certification loses`,
    columns: [
      { header: 'log' },
      { header: 'votes', digits: 0 },
      { header: 'times fewer', digits: 2 },
      { header: 'with r = 0', digits: 2 },
      ...(results[0]?.grid.accuracies ?? []).map(({ radius }) => ({ header: `r = ${radius}` })),
    ],
    rows: [
      ...results.map(({ log, grid: { votes, ratio, accuracies }, gridWithZero }) => [
        log,
        votes,
        ratio,
        gridWithZero.ratio,
        ...accuracies.map(({ fixed, adaptive }) =>
          fixed === 0 ? '–' : `${fixed.toFixed(1)} − ${(fixed - adaptive).toFixed(2)}`,
        ),
      ]),
      [
        'all',
        sum(results.map(result => result.grid.votes)) / results.length,
        pooled(result => result.grid),
        pooled(result => result.gridWithZero),
        ...(results[0]?.grid.accuracies ?? []).map(() => null),
      ],
    ],
  }
  const sized: Table = {
    caption: `n = ${n}: average certified radius with input-specific sizes`,
    columns: [
      { header: 'log' },
      { header: 'votes', digits: 0 },
      { header: 'times fewer', digits: 2 },
      { header: 'ACR of CERTIFY', digits: 4 },
      { header: 'ACR', digits: 4 },
      { header: 'lost', digits: 4 },
    ],
    rows: results.map(({ log, sized: { votes, ratio, acr } }) => [
      log,
      votes,
      ratio,
      acr.fixed,
      acr.adaptive,
      acr.fixed - acr.adaptive,
    ]),
  }
  return [grid, sized]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
