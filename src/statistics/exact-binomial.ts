import { lowerConfidenceBound } from './confidence-bound'
import { type Fraction, fractionOf } from './exact-normal'

const DIGITS = 53n
const ONE = 1n << 256n

/**
 * Returns the bound of Clopper and Pearson, computed so that no rounding can make it too large: the largest multiple p of 2^-53 for which
 * whole-number arithmetic proves that this many successes or more have probability at most alpha. 0 without a success.
 *
 * @throws as {@link lowerConfidenceBound}
 *
 * @example
 * exactLowerBound(990, 1000, { alpha: 0.001 }).toFixed(4) // => '0.9760'
 */
export function exactLowerBound(
  successes: number,
  trials: number,
  { alpha }: { readonly alpha: number },
): number {
  const near = lowerConfidenceBound(successes, trials, { alpha })
  if (successes === 0) return 0
  const level = fractionOf(alpha)
  const isShown = (share: bigint) => share <= 0n || isTailWithin(level, { successes, trials, share })
  const most = (1n << DIGITS) - 1n
  let low = BigInt(Math.floor(near * 2 ** 53))
  let high = low + 1n
  for (let step = 1n; !isShown(low); step *= 2n) [high, low] = [low, low > step ? low - step : 0n]
  for (let step = 1n; high <= most && isShown(high); step *= 2n) [low, high] = [high, high + step]
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (middle <= most && isShown(middle)) low = middle
    else high = middle
  }
  return Number(low) / 2 ** 53
}

/**
 * Returns whether P[X ≥ successes] is within the level, for a success probability of share / 2^53. Weights are relative to that of exactly
 * this many. Those above are rounded up; those below, which reduce the others' share, are rounded down.
 */
function isTailWithin(
  { numerator, denominator }: Fraction,
  {
    successes,
    trials,
    share,
  }: { readonly successes: number; readonly trials: number; readonly share: bigint },
): boolean {
  const other = (1n << DIGITS) - share
  const [n, k] = [BigInt(trials), BigInt(successes)]
  let above = 0n
  for (let j = k, weight = ONE; ; j += 1n) {
    above += weight
    const [grows, shrinks] = [(n - j) * share, (j + 1n) * other]
    if (grows === 0n) break
    // Ratios decrease: the rest is less than a geometric series.
    if (weight < 1n << 16n && grows < shrinks) {
      above += ceiling(weight * grows, shrinks - grows)
      break
    }
    weight = ceiling(weight * grows, shrinks)
  }
  let below = 0n
  for (let j = k, weight = ONE; weight > 0n; j -= 1n) {
    weight = (weight * j * other) / ((n - j + 1n) * share)
    below += weight
  }
  return above * denominator <= numerator * (above + below)
}

function ceiling(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator
}
