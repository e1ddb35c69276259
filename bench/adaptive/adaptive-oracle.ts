import { renderTable } from '../../src/analysis'
import { GridCertification } from '../../src/certification/adaptive/grid-certification'
import { PRIOR, type Prior } from '../../src/certification/adaptive/optimal-test'
import { parseNumber, parseNumbers } from '../../src/cli/option-values'
import { createProgram, runMain } from '../../src/cli/program'
import { gaussianBound } from '../../src/statistics/bound'
import { type ReplayedLog, readLogs } from './adaptive-logs'
import { certify } from './adaptive-replay'
import { Random } from './random'
import { writeFigures } from './write-figures'

/** Misses among the votes of the selection, at most, that share tests. */
const BINS = [0, 1, 3, 7, 15, 30, 100]

interface Options {
  readonly logs: string
  readonly n: number
  readonly n0: number
  readonly alpha: number
  readonly radii: readonly number[]
  readonly images: number
  readonly repeats: number
  readonly trust: number
  readonly known: boolean
  readonly json?: string
}

/** A log certified by one choice of tests. */
interface Measured {
  /** Votes of an image in the mean, without those of the selection. */
  readonly votes: number
  /** No procedure of the same error that certifies as often takes fewer. */
  readonly oracle: number
  /** Share of the votes that images take whose p is above the threshold of no radius: the fewest possible are 0. */
  readonly hopeless: number
  /** Certified accuracy of CERTIFY with n votes, less that of the tests, in points: the largest over the radii. */
  readonly lost: number
}

void runMain(async () => {
  const count = parseNumber({ min: 1, integer: true })
  const program = createProgram(
    'adaptive-oracle',
    'Compare votes of adaptive certification with the fewest that are possible.',
  )
    .requiredOption('--logs <folder>', 'certification logs whose images are certified')
    .option('--n <number>', 'votes of CERTIFY', count, 10_000)
    .option('--n0 <number>', 'votes of the selection', count, 100)
    .option('--alpha <number>', 'of an image', parseNumber({ min: 1e-9 }), 0.001)
    .option('--radii <numbers>', 'the grid', parseNumbers({ min: 0 }), [0.25, 0.5, 0.75, 1, 1.25, 1.5])
    .option('--images <number>', 'quantiles of the images of a log', count, 200)
    .option('--repeats <number>', 'certifications of each', count, 100)
    .option(
      '--trust <share>',
      'how much a vote of the selection counts as one of the prior',
      parseNumber({ min: 0 }),
      0.05,
    )
    .option(
      '--known',
      'choose tests by the probability of the class itself: no side information knows more',
      false,
    )
    .option('--json <file>', 'where the result is written as well')
  const options = (await program.parseAsync()).opts<Options>()
  const grids = new Map<string, GridCertification>()
  const gridOf = (sigma: number, prior: Prior) => {
    const key = `${sigma} ${prior.a} ${prior.b}`
    const known =
      grids.get(key) ??
      new GridCertification({ ...options, bound: gaussianBound(sigma), worth: 5 * options.n, prior })
    grids.set(key, known)
    return known
  }
  const results = (await readLogs(options.logs)).map(log => {
    const plain = measure(log, () => gridOf(log.sigma, PRIOR), options)
    const informed = measure(log, misses => gridOf(log.sigma, priorOf(misses, options)), options)
    return { log: log.name, plain, informed }
  })
  const table = {
    caption: `n = ${options.n}: votes of an image beside the fewest that are possible`,
    columns: [
      { header: 'log' },
      ...['plain', 'informed'].flatMap(kind => [
        { header: `${kind}: votes`, digits: 0 },
        { header: 'oracle', digits: 0 },
        { header: 'oracle / votes', digits: 3 },
        { header: 'hopeless', digits: 3 },
        { header: 'lost', digits: 2 },
      ]),
    ],
    rows: results.map(({ log, plain, informed }) => [
      log,
      ...[plain, informed].flatMap(({ votes, oracle, hopeless, lost }) => [
        votes,
        oracle,
        oracle / votes,
        hopeless,
        lost,
      ]),
    ]),
  }
  console.log(renderTable(table, 'markdown'))
  const { logs: _logs, json, ...said } = options
  if (json !== undefined) {
    await writeFigures(json, { ...said, results })
  }
})

/** What this many misses among the votes of the selection make of the prior: the middle of their bin is counted. */
function priorOf(misses: number, { n0, trust }: Pick<Options, 'n0' | 'trust'>): Prior {
  const bin = BINS.findIndex(most => misses <= (most * n0) / 100)
  const middle = (((BINS[bin] ?? 100) + (BINS[bin - 1] ?? -1) + 1) / 2 / 100) * n0
  return { a: PRIOR.a + trust * (n0 - middle), b: PRIOR.b + trust * middle }
}

/** @param gridOf - the tests for this many misses among the votes of the selection, which no test counts, or as many as are expected */
function measure(
  { images, sigma }: ReplayedLog,
  gridOf: (misses: number) => GridCertification,
  { n, n0, alpha, radii, images: many, repeats, known }: Options,
): Measured {
  const random = new Random(27, 'oracle')
  const bound = gaussianBound(sigma)
  const sorted = images.toSorted((a, b) => a.probability - b.probability)
  const chosen = Array.from(
    { length: many },
    (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / many)],
  )
  const fixed = new GridCertification({ bound, alpha, n, radii, block: n })
  const reachable = radii.filter(radius => bound.top(radius) ** n <= alpha)
  let [votes, oracle, hopeless] = [0, 0, 0]
  const lost = radii.map(() => 0)
  for (const image of chosen) {
    const { probability = 0.5, isCorrect = false } = image ?? {}
    const certified = radii.map(() => 0)
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const misses = known ? Math.round(n0 * (1 - probability)) : n0 - random.binomial(n0, probability)
      const found = certify(gridOf(misses), random, probability)
      const full = certify(fixed, random, probability)
      votes += found.votes / (many * repeats)
      const isHopeless = reachable.every(radius => probability <= bound.top(radius))
      if (isHopeless) hopeless += found.votes / (many * repeats)
      for (const [i, radius] of radii.entries()) {
        const has = ({ certificate: { abstains, radius: own } }: typeof found) => !abstains && own >= radius
        if (has(found)) certified[i] = (certified[i] ?? 0) + 1 / repeats
        if (isCorrect)
          lost[i] = (lost[i] ?? 0) + (100 * (Number(has(full)) - Number(has(found)))) / (many * repeats)
      }
    }
    const least = reachable.map(radius => {
      const [share, top] = [certified[radii.indexOf(radius)] ?? 0, bound.top(radius)]
      return share <= alpha || probability <= top
        ? 0
        : divergence(Math.min(1, share), alpha) / divergence(probability, top)
    })
    oracle += Math.max(0, ...least) / many
  }
  return { votes, oracle, hopeless: hopeless / votes, lost: Math.max(...lost) }
}

/** kl(p, q) of two coins. */
function divergence(p: number, q: number): number {
  const part = (x: number, y: number) => (x === 0 ? 0 : x * Math.log(x / y))
  return part(p, q) + part(1 - p, 1 - q)
}
