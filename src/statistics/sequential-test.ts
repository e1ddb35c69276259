import { binomialDistribution, type CountDistribution } from './binomial'

/**
 * A test of "the class has at least the probability `threshold`" that looks at the votes at intervals. A miss is a vote for another class.
 * At look k the test certifies with at most `certifyUpTo[k]` misses, gives up with at least `giveUpFrom[k]`, and continues in between; it
 * always decides by the last look.
 */
export interface SequentialTest {
  /** In (0, 1). */
  readonly threshold: number
  /** Votes drawn at each look, increasing. */
  readonly looks: readonly number[]
  /** Below `giveUpFrom`; -1 if the test cannot certify. */
  readonly certifyUpTo: readonly number[]
  readonly giveUpFrom: readonly number[]
}

export interface OperatingCharacteristics {
  /** Probability that the test certifies. */
  readonly certified: number
  /** Mean number of votes. */
  readonly votes: number
}

/**
 * Returns the test's behaviour for a class with probability p in (0, 1), exact except for rounding, by propagating the distribution of the
 * misses from look to look.
 *
 * Certifying becomes more probable with larger p, so its value at `threshold` bounds the probability of a wrong certificate. To see this,
 * give each vote a uniform number, with a miss if it exceeds p. A larger p then has no more misses at any look. Whenever the smaller one
 * certifies, the larger one has certified, and it has not given up before.
 *
 * @param steps - precomputed distributions of the misses between looks at p, if available
 */
export function operatingCharacteristics(
  { looks, certifyUpTo, giveUpFrom }: SequentialTest,
  p: number,
  steps: readonly CountDistribution[] = missesBetween(looks, p),
): OperatingCharacteristics {
  let certified = 0
  let votes = 0
  let undecided: CountDistribution = { first: 0, weights: Float64Array.of(1) }
  for (const [k, step] of steps.entries()) {
    const remaining = undecided.weights.reduce((sum, weight) => sum + weight, 0)
    votes += remaining * ((looks[k] as number) - (looks[k - 1] ?? 0))
    const { first, weights } = sumOf(undecided, step)
    const begin = Math.min(weights.length, Math.max(0, (certifyUpTo[k] as number) + 1 - first))
    const end = Math.min(weights.length, Math.max(begin, (giveUpFrom[k] as number) - first))
    for (let i = 0; i < begin; i++) certified += weights[i] as number
    undecided = { first: first + begin, weights: weights.subarray(begin, end) }
    if (begin === end) break
  }
  return { certified, votes }
}

/** Returns the distributions of the misses that each look adds, for a class with probability p. */
export function missesBetween(looks: readonly number[], p: number): readonly CountDistribution[] {
  return looks.map((votes, k) => binomialDistribution(votes - (looks[k - 1] ?? 0), 1 - p))
}

/** Returns the distribution of the sum of two independent counts. */
function sumOf(a: CountDistribution, b: CountDistribution): CountDistribution {
  const weights = new Float64Array(a.weights.length + b.weights.length - 1)
  a.weights.forEach((weight, i) => {
    for (let j = 0; j < b.weights.length; j++) {
      weights[i + j] = (weights[i + j] as number) + weight * (b.weights[j] as number)
    }
  })
  return { first: a.first + b.first, weights }
}
