/** The distribution of a count, truncated to the relevant counts from `first` on. */
export interface CountDistribution {
  readonly first: number
  readonly weights: Float64Array
}

/** Truncated weights are at most this fraction of the largest weight, and fall geometrically from there. */
const NEGLIGIBLE = 1e-20

/**
 * Returns the binomial distribution with `trials` trials of probability `p` in (0, 1). The omitted counts have a total probability below
 * 1e-15; the weights sum to 1.
 */
export function binomialDistribution(trials: number, p: number): CountDistribution {
  const odds = p / (1 - p)
  const mode = Math.min(trials, Math.floor((trials + 1) * p))
  const above = [1]
  for (let count = mode; count < trials && (above[above.length - 1] as number) > NEGLIGIBLE; count++) {
    above.push(((above[above.length - 1] as number) * (trials - count) * odds) / (count + 1))
  }
  const below: number[] = []
  for (let count = mode, last = 1; count > 0 && last > NEGLIGIBLE; count--) {
    last = (last * count) / (trials - count + 1) / odds
    below.push(last)
  }
  const weights = Float64Array.from([...below.reverse(), ...above])
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return { first: mode - below.length, weights: weights.map(weight => weight / total) }
}
