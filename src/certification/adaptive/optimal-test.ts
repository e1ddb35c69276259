import type { CountDistribution } from '../../statistics/binomial'
import {
  missesBetween,
  operatingCharacteristics,
  type SequentialTest,
} from '../../statistics/sequential-test'

export interface OptimalTestOptions {
  /** The probability to certify, in (0, 1). */
  readonly threshold: number
  /** Upper bound of the probability of certifying a class below the threshold. In (0, 1). */
  readonly alpha: number
  /** Votes drawn at each look, increasing. */
  readonly looks: readonly number[]
  /** Value of a certificate in votes, above 0: the trade-off against votes. The error stays within alpha for any value. */
  readonly worth: number
  /** Default: {@link PRIOR}. */
  readonly prior?: Prior
}

/** Prior of p before the votes: Beta(a, b). It affects how efficiently votes are used, never the guarantee. */
export interface Prior {
  readonly a: number
  readonly b: number
}

/** Density b (1 - p)^(b - 1). Certified classifiers have many images close to certain; this prior has 27 % of them above Φ(3). */
export const PRIOR: Prior = { a: 1, b: 0.2 }

/** Rounding changes an error by less than this fraction. */
const ROUNDING = 1e-9

/**
 * Returns a test with these looks that certifies a class below the threshold with probability at most alpha. Among such tests, it maximises
 * the mean over the prior of the certificates' worth minus the votes, as far as whole counts allow. Backward induction finds its boundaries
 * for a price of a wrong certificate, as Eales and Jennison (1992) do for a normal mean. The price is the smallest that keeps the error
 * within alpha; the error is computed, not estimated.
 */
export function optimalTest(options: OptimalTestOptions): SequentialTest {
  const { alpha } = options
  const testAt = backwardInduction(options)
  const isValid = ({ error }: PricedTest) => error <= alpha * (1 - ROUNDING)
  let cheap = 1e-3
  let dear = 1
  let best = testAt(dear)
  while (!isValid(best)) {
    cheap = dear
    dear *= 8
    best = testAt(dear)
  }
  // More digits of the price or the error gain nothing.
  while (dear / cheap > 1.001 && best.error < 0.999 * alpha) {
    const price = Math.sqrt(cheap * dear)
    const test = testAt(price)
    if (isValid(test)) {
      dear = price
      best = test
    } else cheap = price
  }
  return best.test
}

interface PricedTest {
  readonly test: SequentialTest
  /** Probability of certifying a class at the threshold. */
  readonly error: number
}

/**
 * Returns the best test for a price of a wrong certificate. Values are weighted by the probability of the votes at the threshold, so that
 * one distribution propagates them from look to look. A certificate is worth `worth` times the likelihood ratio of the prior, minus `worth`
 * times the price; a vote costs the likelihood ratio; giving up is worth 0.
 */
function backwardInduction({ threshold, alpha, looks, worth, prior = PRIOR }: OptimalTestOptions) {
  const steps = missesBetween(looks, threshold)
  const ratio = likelihoodRatio({ threshold, n: looks[looks.length - 1] as number, prior })
  const missRate = 1 - threshold
  // In standard deviations: fewer misses certify at any look, at any price that alpha allows.
  const depth = 2 + Math.sqrt(-2 * Math.log(alpha))
  return (price: number): PricedTest => {
    const certifyUpTo: number[] = []
    const giveUpFrom: number[] = []
    let next: Values = { first: 0, values: [] }
    for (let k = looks.length - 1; k >= 0; k--) {
      const votes = looks[k] as number
      const step = steps[k + 1]
      const votesToNext = (looks[k + 1] ?? votes) - votes
      const expected = votes * missRate
      const first = Math.max(0, Math.floor(expected - depth * Math.sqrt(expected * threshold)) - 5)
      const values: number[] = []
      let certify = first - 1
      for (let misses = first; misses <= votes; misses++) {
        const weight = ratio(votes, misses)
        const certified = misses < expected ? worth * (weight - price) : 0
        const goingOn = step ? expectedValue(misses, step, next) - votesToNext * weight : 0
        const value = Math.max(certified, goingOn)
        if (value <= 0) break
        values.push(value)
        if (certified >= goingOn && certify === misses - 1) certify = misses
      }
      certifyUpTo[k] = certify
      giveUpFrom[k] = first + values.length
      next = { first, values }
    }
    const test = { threshold, looks, certifyUpTo, giveUpFrom }
    return { test, error: operatingCharacteristics(test, threshold, steps).certified }
  }
}

/** Values at `first`, `first + 1`, … misses, 0 beyond the last. */
interface Values {
  readonly first: number
  readonly values: readonly number[]
}

function expectedValue(misses: number, step: CountDistribution, next: Values): number {
  const offset = misses + step.first - next.first
  const end = Math.min(step.weights.length, next.values.length - offset)
  let sum = 0
  for (let j = 0; j < end; j++) {
    // Everything before the first value is certified, and is almost never reached: the first value replaces it.
    sum += (step.weights[j] as number) * (next.values[Math.max(0, offset + j)] as number)
  }
  return sum
}

/**
 * How much more probable votes are under the prior than at the threshold: B(a + hits, b + misses) / B(a, b), divided by the probability at
 * the threshold.
 */
function likelihoodRatio({
  threshold,
  n,
  prior: { a, b },
}: {
  readonly threshold: number
  readonly n: number
  readonly prior: Prior
}): (votes: number, misses: number) => number {
  const hitFactors = logRising(a, n)
  const missFactors = logRising(b, n)
  const voteFactors = logRising(a + b, n)
  const logHit = Math.log(threshold)
  const logMiss = Math.log1p(-threshold)
  return (votes, misses) => {
    const hits = votes - misses
    return Math.exp(
      (hitFactors[hits] as number) +
        (missFactors[misses] as number) -
        (voteFactors[votes] as number) -
        hits * logHit -
        misses * logMiss,
    )
  }
}

/** ln(x (x + 1) … (x + m - 1)) for m from 0 to n. */
function logRising(x: number, n: number): Float64Array {
  const logs = new Float64Array(n + 1)
  for (let m = 0; m < n; m++) logs[m + 1] = (logs[m] as number) + Math.log(x + m)
  return logs
}
