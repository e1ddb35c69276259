import { renderTable } from '../../src/analysis'
import { parseNumber, parseNumbers } from '../../src/cli/option-values'
import { createProgram, runMain } from '../../src/cli/program'
import { binomialDistribution } from '../../src/statistics/binomial'
import { gaussianBound } from '../../src/statistics/bound'
import { readLogs } from './adaptive-logs'
import { writeFigures } from './write-figures'

interface Options {
  readonly logs: string
  readonly n: readonly number[]
  readonly alpha: number
  readonly radii: readonly number[]
  readonly json?: string
}

/** How many votes certify a radius: more than `count`, or `count` with a uniform number of at most `uniform`. */
interface Threshold {
  readonly count: number
  readonly uniform: number
}

void runMain(async () => {
  const program = createProgram(
    'randomised-bound',
    'What the randomised bound certifies beside that of Clopper and Pearson, in points, as an expectation over votes.',
  )
    .requiredOption('--logs <folder>', 'certification logs whose images are certified')
    .option('--n <numbers>', 'votes', parseNumbers({ min: 10, integer: true }), [1000, 10_000, 100_000])
    .option('--alpha <number>', 'of an image', parseNumber({ min: 1e-9 }), 0.001)
    .option('--radii <numbers>', 'radii', parseNumbers({ min: 0 }), [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5])
    .option('--json <file>', 'where the result is written as well')
  const options = (await program.parseAsync()).opts<Options>()
  const { alpha, radii } = options
  const logs = await readLogs(options.logs)
  const results = options.n.flatMap(n =>
    logs.map(({ name, sigma, images }) => {
      const at = radii.map(radius => {
        const threshold = thresholdOf(gaussianBound(sigma).top(radius), { n, alpha })
        if (threshold === undefined) return null
        let [fixed, randomised] = [0, 0]
        for (const { probability, isCorrect } of images) {
          if (!isCorrect) continue
          const { above, at: exactly } = tailOf(probability, n, threshold.count)
          const whole = threshold.uniform >= 1 ? exactly : 0
          fixed += (100 * (above + whole)) / images.length
          randomised += (100 * (above + Math.min(1, threshold.uniform) * exactly)) / images.length
        }
        return { fixed, gained: randomised - fixed }
      })
      return { log: name, n, at }
    }),
  )
  for (const n of options.n) {
    const table = {
      caption: `n = ${n}: certified accuracy of CERTIFY in percent, and points that the randomised bound adds`,
      columns: [{ header: 'log' }, ...radii.map(radius => ({ header: `r = ${radius}` }))],
      rows: results
        .filter(result => result.n === n)
        .map(({ log, at }) => [
          log,
          ...at.map(found => found && `${found.fixed.toFixed(1)} + ${found.gained.toFixed(3)}`),
        ]),
    }
    console.log(renderTable(table, 'markdown'))
  }
  const { logs: _logs, json, ...said } = options
  if (json !== undefined) {
    await writeFigures(json, { ...said, results })
  }
})

/** The votes that a radius takes; undefined where no votes show it. Without a uniform number those above `count` remain. */
function thresholdOf(
  top: number,
  { n, alpha }: { readonly n: number; readonly alpha: number },
): Threshold | undefined {
  if (top >= 1) return undefined
  const { first, weights } = binomialDistribution(n, top)
  let above = 0
  for (let place = weights.length - 1; place >= 0; place -= 1) {
    const weight = weights[place] ?? 0
    if (above + weight > alpha) {
      const [count, uniform] = [first + place, (alpha - above) / weight]
      // Numbers below 2 alpha count as that where all votes agree.
      return count === n && uniform < 2 * alpha ? undefined : { count, uniform }
    }
    above += weight
  }
  return undefined
}

const tails = new Map<string, { readonly above: number; readonly at: number }>()

/** P[X > count] and P[X = count]; images share probabilities. */
function tailOf(
  probability: number,
  n: number,
  count: number,
): { readonly above: number; readonly at: number } {
  if (probability >= 1) return { above: count < n ? 1 : 0, at: count === n ? 1 : 0 }
  if (probability <= 0) return { above: 0, at: count === 0 ? 1 : 0 }
  const key = `${probability} ${n} ${count}`
  const known = tails.get(key)
  if (known !== undefined) return known
  const { first, weights } = binomialDistribution(n, probability)
  const above = weights.reduce((sum, weight, place) => (first + place > count ? sum + weight : sum), 0)
  const found = { above, at: weights[count - first] ?? 0 }
  tails.set(key, found)
  return found
}
