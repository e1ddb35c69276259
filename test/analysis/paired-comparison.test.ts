import { describe, expect, it } from 'vitest'
import { comparePaired, type PairedComparisonOptions } from '../../src/analysis/paired-comparison'
import { ConfigError, DataError } from '../../src/errors'
import type { CertificationRow } from '../../src/logs/certification-log'
import { rowsOf } from './rows'

const first = rowsOf([0, 0, 1], [0, 0, 0.5], [1, 1, 0.75], [1, 0, 3])
const second = rowsOf([0, 0, 0.5], [0, 'abstain'], [1, 1, 0.25], [1, 1, 1])

/** The difference in ACR of two single logs. */
function compareAcr(
  a: readonly CertificationRow[],
  b: readonly CertificationRow[],
  options: PairedComparisonOptions = {},
) {
  return comparePaired([a], [b], options).averageCertifiedRadius
}

/** 400 images in two logs that differ by a constant and, in every other image, by one more. */
const hard = Array.from({ length: 400 }, (_, index) => (index * 7919) % 100)
const shifted = rowsOf(...hard.map((radius, index) => [0, 0, radius + 0.1 + (index % 2)] as const))
const base = rowsOf(...hard.map(radius => [0, 0, radius] as const))

describe('comparePaired', () => {
  it('is the difference of the two ACRs', () => {
    const { averageCertifiedRadius, images } = comparePaired([first], [second])
    const { first: a, second: b, difference } = averageCertifiedRadius
    expect({ a, b, difference, images }).toEqual({ a: 0.5625, b: 0.4375, difference: 0.125, images: 4 })
  })

  it('has an interval as wide as the standard error of the paired differences says', () => {
    const { difference, lower, upper } = compareAcr(shifted, base)
    expect(difference).toBeCloseTo(0.6, 10)
    // Differences of 0.1 and 1.1 in equal shares: standard error 0.5 / sqrt(400) = 0.025.
    expect(lower).toBeGreaterThan(0.6 - 2.15 * 0.025)
    expect(lower).toBeLessThan(0.6 - 1.75 * 0.025)
    expect(upper).toBeLessThan(0.6 + 2.15 * 0.025)
    expect(upper).toBeGreaterThan(0.6 + 1.75 * 0.025)
  })

  it('narrows with less confidence', () => {
    const wide = compareAcr(shifted, base, { confidence: 0.99 })
    const narrow = compareAcr(shifted, base, { confidence: 0.5 })
    expect(wide.lower).toBeLessThan(narrow.lower)
    expect(wide.upper).toBeGreaterThan(narrow.upper)
  })

  it('has a point for an interval when all differences are the same', () => {
    const { lower, upper } = compareAcr(base, base)
    expect([lower, upper]).toEqual([0, 0])
  })

  it('depends on the seed alone, not on the order of the rows', () => {
    const once = compareAcr(shifted, base, { seed: 1, resamples: 500 })
    const reversed = compareAcr([...shifted].reverse(), base, { seed: 1, resamples: 500 })
    const other = compareAcr(shifted, base, { seed: 2, resamples: 500 })
    expect([reversed.lower, reversed.upper]).toEqual([once.lower, once.upper])
    expect([other.lower, other.upper]).not.toEqual([once.lower, once.upper])
  })

  it.each([
    ['fewer images', first.slice(1), second, /image 0 is in the second only/],
    ['more images', first, second.slice(0, -1), /image 3 is in the first only/],
    ['other labels', first, rowsOf([0, 0, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]), /image 1 has label 0.*and 1/],
  ])('refuses %s', (_what, a, b, reason) => {
    expect(() => compareAcr(a, b)).toThrow(DataError)
    expect(() => compareAcr(a, b)).toThrow(reason)
  })

  it.each([{ confidence: 1 }, { confidence: 0 }, { resamples: 0 }, { resamples: 1.5 }, { seed: -1 }])(
    'refuses %o',
    options => {
      expect(() => compareAcr(first, second, options)).toThrow(ConfigError)
    },
  )

  it('compares certified accuracy at each radius, in any order of radii', () => {
    const { certifiedAccuracy } = comparePaired([first], [second], { radii: [0.5, 0, 1] })
    expect(certifiedAccuracy).toMatchObject([
      { radius: 0.5, first: 0.75, second: 0.5, difference: 0.25 },
      { radius: 0, first: 0.75, second: 0.75, difference: 0 },
      { radius: 1, first: 0.25, second: 0.25, difference: 0 },
    ])
    for (const { lower, difference, upper } of certifiedAccuracy) {
      expect(lower).toBeLessThanOrEqual(difference)
      expect(upper).toBeGreaterThanOrEqual(difference)
    }
  })

  it('has intervals at a radius as wide as the standard error says, from the same draws as the ACR', () => {
    // Radii are 0 or 1: accuracy at 1 and ACR are the same figure.
    const a = rowsOf(...hard.map(radius => [0, 0, radius % 4 === 0 ? 0 : 1] as const))
    const b = rowsOf(...hard.map(radius => [0, 0, radius % 4 === 1 ? 1 : 0] as const))
    const { averageCertifiedRadius, certifiedAccuracy } = comparePaired([a], [b], { radii: [0, 1] })
    expect(certifiedAccuracy[1]).toEqual({ radius: 1, ...averageCertifiedRadius })
    expect(certifiedAccuracy[0]).toMatchObject({ difference: 0, lower: 0, upper: 0 })
    expect(comparePaired([a], [b], { radii: [1] }).certifiedAccuracy[0]).toEqual(certifiedAccuracy[1])
    expect(comparePaired([a], [b], { radii: [1, 0.5] }).certifiedAccuracy[1]).toMatchObject(
      averageCertifiedRadius,
    )
    // Differences of 0 and 1 in equal shares.
    expect(averageCertifiedRadius.upper - averageCertifiedRadius.lower).toBeGreaterThan(2 * 1.75 * 0.025)
    expect(averageCertifiedRadius.upper - averageCertifiedRadius.lower).toBeLessThan(2 * 2.15 * 0.025)
  })

  it('takes the mean of an image over the seeds of a method', () => {
    const { averageCertifiedRadius, certifiedAccuracy } = comparePaired([first, second], [second], {
      radii: [0.5],
    })
    expect(averageCertifiedRadius).toMatchObject({ first: 0.5, second: 0.4375, difference: 0.0625 })
    expect(certifiedAccuracy).toMatchObject([{ first: 0.625, second: 0.5, difference: 0.125 }])
    const half = comparePaired([shifted, base], [base], { resamples: 500 }).averageCertifiedRadius
    const whole = comparePaired([shifted], [base], { resamples: 500 }).averageCertifiedRadius
    expect(half.lower).toBeCloseTo(whole.lower / 2, 10)
    expect(half.upper).toBeCloseTo(whole.upper / 2, 10)
  })

  it('refuses a side without logs', () => {
    expect(() => comparePaired([], [second])).toThrow(ConfigError)
    expect(() => comparePaired([first], [])).toThrow(ConfigError)
  })

  it('refuses no rows', () => {
    expect(() => compareAcr([], [])).toThrow(DataError)
  })
})
