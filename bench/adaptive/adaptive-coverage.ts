/**
 * How often adaptive certification certifies a radius that is too large, on streams of independent votes with a known
 * probability of the class.
 *
 *     npx ts-node bench/adaptive/adaptive-coverage.ts --streams 100000 --json bench/results/adaptive-coverage.json
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { renderTable, type Table } from '../../src/analysis'
import type { AdaptiveCertification } from '../../src/certification/adaptive/adaptive-run'
import { GridCertification } from '../../src/certification/adaptive/grid-certification'
import { SizedCertification } from '../../src/certification/adaptive/sized-certification'
import { parseNumber, parseNumbers } from '../../src/cli/option-values'
import { createProgram, runMain } from '../../src/cli/program'
import { gaussianBound } from '../../src/statistics/bound'
import { operatingCharacteristics, type SequentialTest } from '../../src/statistics/sequential-test'
import { certify } from './adaptive-replay'
import { Random } from './random'

interface Options {
  readonly streams: number
  readonly n: readonly number[]
  readonly sigma: number
  readonly alpha: number
  readonly maxRadiusLoss: number
  readonly seed: number
  readonly json?: string
}

interface Coverage {
  /** Of the class. */
  readonly probability: number
  /** Share of the streams whose lower bound is above the probability. */
  readonly error: number
  /** What the share is in the mean, computed, where there is a computation. */
  readonly expectedError: number | null
  /** Share of the streams that certify anything. */
  readonly certified: number
  /** Votes of a stream in the mean. */
  readonly votes: number
}

const PROBABILITIES = [0.4, 0.45, 0.48, 0.55, 0.65, 0.75, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999]

/** Where errors are likeliest: just below the boundary between two radii of the grid. */
const RADII = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]

const JUST_BELOW = 1e-12

void runMain(async () => {
  const program = createProgram(
    'adaptive-coverage',
    'Count the wrong certificates of adaptive certification.',
  )
    .option(
      '--streams <number>',
      'of votes, for each probability',
      parseNumber({ min: 1, integer: true }),
      100_000,
    )
    .option(
      '--n <numbers>',
      'the most votes of a stream',
      parseNumbers({ min: 1, integer: true }),
      [10_000, 100_000],
    )
    .option('--sigma <number>', 'noise level', parseNumber({ min: 0 }), 0.5)
    .option('--alpha <number>', 'probability of an error, at most', parseNumber({ min: 0, max: 1 }), 0.001)
    .option('--max-radius-loss <number>', 'of the input-specific sizes', parseNumber({ min: 0 }), 0.05)
    .option('--seed <number>', 'of the votes', parseNumber({ min: 0, integer: true }), 0)
    .option('--json <file>', 'where the result is written as well')
  const { streams, n: sizes, json, ...options } = (await program.parseAsync()).opts<Options>()
  const { sigma, alpha, maxRadiusLoss, seed } = options

  const results = sizes.flatMap(n => {
    const bound = gaussianBound(sigma)
    const grid = new GridCertification({ bound, alpha, n, radii: RADII })
    const sized = new SizedCertification({ bound, alpha, n, maxRadiusLoss })
    const boundaries = grid.tests.map(({ threshold }) => threshold - JUST_BELOW)
    const probabilities = [...PROBABILITIES, ...boundaries].sort((a, b) => a - b)
    const measured = (certification: AdaptiveCertification, tests: readonly SequentialTest[]) =>
      probabilities.map(probability => measure(certification, { probability, tests, streams, seed }))
    return [
      { procedure: 'grid', n, coverage: measured(grid, grid.tests) },
      { procedure: 'input-specific sizes', n, coverage: measured(sized, []) },
    ]
  })

  for (const { procedure, n, coverage } of results) {
    console.log(`${renderTable(tableOf(coverage, `${procedure}, n = ${n}, α = ${alpha}`), 'markdown')}\n`)
  }
  if (json !== undefined) {
    await mkdir(dirname(json), { recursive: true })
    await writeFile(json, `${JSON.stringify({ streams, ...options, results }, null, 1)}\n`)
  }
})

function measure(
  certification: AdaptiveCertification,
  {
    probability,
    tests,
    streams,
    seed,
  }: {
    readonly probability: number
    readonly tests: readonly SequentialTest[]
    readonly streams: number
    readonly seed: number
  },
): Coverage {
  const random = new Random(seed, 'coverage')
  let errors = 0
  let certified = 0
  let votes = 0
  for (let stream = 0; stream < streams; stream++) {
    const { certificate, votes: used } = certify(certification, random, probability)
    votes += used
    if (!certificate.abstains) certified += 1
    if (certificate.lowerBound > probability) errors += 1
  }
  const tooHigh = tests.find(({ threshold }) => threshold > probability)
  return {
    probability,
    error: errors / streams,
    expectedError: tooHigh ? operatingCharacteristics(tooHigh, probability).certified : null,
    certified: certified / streams,
    votes: votes / streams,
  }
}

function tableOf(coverage: readonly Coverage[], caption: string): Table {
  return {
    caption,
    columns: [
      { header: 'p', digits: 6 },
      { header: 'error', digits: 5 },
      { header: 'computed', digits: 5 },
      { header: 'certified', digits: 4 },
      { header: 'votes', digits: 0 },
    ],
    rows: coverage.map(({ probability, error, expectedError, certified, votes }) => [
      probability,
      error,
      expectedError,
      certified,
      votes,
    ]),
  }
}
