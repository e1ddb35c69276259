import type { Ask, Certifier } from '../../../src/certification/certifiers'
import type { Outcome } from '../../../src/logs/outcome'
import { binomialDistribution } from '../../../src/statistics/binomial'
import { upperBinomialQuantile } from '../../../src/statistics/binomial-quantile'

/** Simulated images, and how rarely more failures than are allowed are to happen by chance. */
const IMAGES = 10_000
const TAIL = 1e-6

/** Large, so that a procedure that uses all of it and one that uses more are far apart. */
export const ALPHA = 0.2

/** The most failures among the images that a probability of error of at most alpha explains. */
export const mostFailures = (alpha = ALPHA): number => upperBinomialQuantile(IMAGES, { p: alpha, tail: TAIL })

/** An image whose true answer is known. */
export interface Toy {
  /** Probability of each class under the noise, by line and ballot where there are several. */
  readonly shares: readonly number[] | ((ask: Ask) => readonly number[])
  /** Whether a statement about it is false. */
  readonly isFalse: (outcome: Outcome) => boolean
}

/** Uniform numbers in [0, 1): the same for every run of a test. */
export function uniform(seed: number): () => number {
  // mulberry32
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** How often each class is drawn. */
export function draw(shares: readonly number[], count: number, random: () => number): number[] {
  let [left, mass] = [count, 1]
  return shares.map((share, label) => {
    if (label === shares.length - 1) return left
    const drawn = binomial(left, Math.min(1, share / mass), random)
    left -= drawn
    mass -= share
    return drawn
  })
}

const tables = new Map<string, { readonly first: number; readonly cumulative: Float64Array }>()

/** By inversion; a table is computed once for all images. */
function binomial(trials: number, p: number, random: () => number): number {
  if (trials === 0 || p <= 0) return 0
  if (p >= 1) return trials
  const key = `${trials} ${p}`
  let table = tables.get(key)
  if (table === undefined) {
    const { first, weights } = binomialDistribution(trials, p)
    let sum = 0
    table = { first, cumulative: weights.map(weight => (sum += weight)) }
    tables.set(key, table)
  }
  const { first, cumulative } = table
  const wanted = random()
  let [below, above] = [-1, cumulative.length - 1]
  while (above - below > 1) {
    const middle = (below + above) >> 1
    if ((cumulative[middle] as number) > wanted) above = middle
    else below = middle
  }
  return first + above
}

/** How many of the images get a false statement. */
export function failures(
  certifier: Certifier,
  { shares, isFalse }: Toy,
  { reusesSelection = false }: { readonly reusesSelection?: boolean } = {},
): number {
  const random = uniform(20_191)
  const of = typeof shares === 'function' ? shares : () => shares
  let failed = 0
  for (let image = 0; image < IMAGES; image += 1) {
    const steps = certifier.begin(['simulated', image])
    let step = steps.next([])
    while (!step.done) {
      const asks = step.value
      const drawn = new Map(
        asks.filter(({ stage }) => stage !== 'selection').map(ask => [ask, draw(of(ask), ask.count, random)]),
      )
      const estimation = [...drawn].find(([{ stage }]) => stage === 'estimation')?.[1]
      step = steps.next(
        asks.map(ask => {
          const known = drawn.get(ask) ?? (reusesSelection ? estimation : undefined)
          return known ?? draw(of(ask), ask.count, random)
        }),
      )
    }
    if (isFalse(step.value)) failed += 1
  }
  return failed
}
