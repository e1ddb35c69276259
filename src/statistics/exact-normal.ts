/** Φ, and numbers rounded in a given direction, in whole numbers: a certificate then never claims more than is proved. */

/** Real numbers in this file are whole multiples of 2^-256. */
export const PRECISION = 256n
const ONE = 1n << PRECISION

/** Upper bound of the error of series for values up to 10, see docs/sound.md: 400 terms, none above e^50, are each truncated at 2^-256. */
const SERIES_ERROR = 1n << 96n

/** A fraction of whole numbers. */
export interface Fraction {
  readonly numerator: bigint
  /** Above 0. */
  readonly denominator: bigint
}

/** Converts a number of at least 0 to its exact fraction. */
export function fractionOf(value: number): Fraction {
  let denominator = 1n
  let whole = value
  while (!Number.isInteger(whole)) {
    whole *= 2
    denominator *= 2n
  }
  return { numerator: BigInt(whole), denominator }
}

/** The largest number that is at most the fraction, which is at least 0 and, unless it is 0, at least 1e-300. */
export function roundedDown({ numerator, denominator }: Fraction): number {
  if (numerator === 0n) return 0
  const shift = 53 + denominator.toString(2).length - numerator.toString(2).length
  const scaled =
    shift >= 0 ? (numerator << BigInt(shift)) / denominator : numerator / (denominator << BigInt(-shift))
  // 53 or 54 digits: the last of 54 is dropped.
  const isLong = scaled >= 1n << 53n
  return Number(isLong ? scaled >> 1n : scaled) * 2 ** ((isLong ? 1 : 0) - shift)
}

/** Bounds of Φ(z), as multiples of 2^-256, for z from 0 to 10. */
export function normalBounds({ numerator, denominator }: Fraction): {
  readonly low: bigint
  readonly high: bigint
} {
  const z = (numerator << PRECISION) / denominator
  const square = (z * z) >> PRECISION
  // Φ(z) = 1/2 + φ(z) (z + z^3 / 3 + z^5 / 15 + …): no term is negative.
  let sum = 0n
  for (let term = z, odd = 3n; term > 0n; term = (term * square) / (odd << PRECISION), odd += 2n) sum += term
  const value = ONE / 2n + (sum * ONE) / ((exponential(square >> 1n) * ROOT_OF_TWO_PI) >> PRECISION)
  return { low: value - SERIES_ERROR, high: value + SERIES_ERROR }
}

function exponential(y: bigint): bigint {
  let sum = 0n
  for (let term = ONE, i = 1n; term > 0n; term = (term * y) / (i << PRECISION), i += 1n) sum += term
  return sum
}

/** arctan(1/x), for Machin's formula for π. */
function arctangentOfInverse(x: bigint): bigint {
  let sum = 0n
  for (let term = ONE / x, i = 1n; term > 0n; term /= x * x, i += 2n)
    sum += i % 4n === 1n ? term / i : -(term / i)
  return sum
}

function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt((value.toString(2).length >> 1) + 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

const PI = 4n * (4n * arctangentOfInverse(5n) - arctangentOfInverse(239n))
const ROOT_OF_TWO_PI = squareRoot((2n * PI) << PRECISION)
