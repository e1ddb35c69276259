import { describe, expect, it } from 'vitest'
import { compareAverageCertifiedRadius } from '../../src/analysis/paired-comparison'
import { ConfigError, DataError } from '../../src/errors'
import { rowsOf } from './rows'

const first = rowsOf([0, 0, 1], [0, 0, 0.5], [1, 1, 0.75], [1, 0, 3])
const second = rowsOf([0, 0, 0.5], [0, 'abstain'], [1, 1, 0.25], [1, 1, 1])

/** 400 images in two logs that differ by a constant and, in every other image, by one more. */
const hard = Array.from({ length: 400 }, (_, index) => (index * 7919) % 100)
const shifted = rowsOf(...hard.map((radius, index) => [0, 0, radius + 0.1 + (index % 2)] as const))
const base = rowsOf(...hard.map(radius => [0, 0, radius] as const))

describe('compareAverageCertifiedRadius', () => {
  it('is the difference of the two ACRs', () => {
    const { first: a, second: b, difference, images } = compareAverageCertifiedRadius(first, second)
    expect({ a, b, difference, images }).toEqual({ a: 0.5625, b: 0.4375, difference: 0.125, images: 4 })
  })

  it('has an interval as wide as the standard error of the paired differences says', () => {
    const { difference, lower, upper } = compareAverageCertifiedRadius(shifted, base)
    expect(difference).toBeCloseTo(0.6, 10)
    // Differences of 0.1 and 1.1 in equal shares: standard error 0.5 / sqrt(400) = 0.025.
    expect(lower).toBeGreaterThan(0.6 - 2.15 * 0.025)
    expect(lower).toBeLessThan(0.6 - 1.75 * 0.025)
    expect(upper).toBeLessThan(0.6 + 2.15 * 0.025)
    expect(upper).toBeGreaterThan(0.6 + 1.75 * 0.025)
  })

  it('narrows with less confidence', () => {
    const wide = compareAverageCertifiedRadius(shifted, base, { confidence: 0.99 })
    const narrow = compareAverageCertifiedRadius(shifted, base, { confidence: 0.5 })
    expect(wide.lower).toBeLessThan(narrow.lower)
    expect(wide.upper).toBeGreaterThan(narrow.upper)
  })

  it('has a point for an interval when all differences are the same', () => {
    const { lower, upper } = compareAverageCertifiedRadius(base, base)
    expect([lower, upper]).toEqual([0, 0])
  })

  it('depends on the seed alone, not on the order of the rows', () => {
    const once = compareAverageCertifiedRadius(shifted, base, { seed: 1, resamples: 500 })
    const reversed = compareAverageCertifiedRadius([...shifted].reverse(), base, { seed: 1, resamples: 500 })
    const other = compareAverageCertifiedRadius(shifted, base, { seed: 2, resamples: 500 })
    expect([reversed.lower, reversed.upper]).toEqual([once.lower, once.upper])
    expect([other.lower, other.upper]).not.toEqual([once.lower, once.upper])
  })

  it.each([
    ['fewer images', first.slice(1), second, /image 0 is in the second only/],
    ['more images', first, second.slice(0, -1), /image 3 is in the first only/],
    ['other labels', first, rowsOf([0, 0, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]), /image 1 has label 0.*and 1/],
  ])('refuses %s', (_what, a, b, reason) => {
    expect(() => compareAverageCertifiedRadius(a, b)).toThrow(DataError)
    expect(() => compareAverageCertifiedRadius(a, b)).toThrow(reason)
  })

  it.each([{ confidence: 1 }, { confidence: 0 }, { resamples: 0 }, { resamples: 1.5 }, { seed: -1 }])(
    'refuses %o',
    options => {
      expect(() => compareAverageCertifiedRadius(first, second, options)).toThrow(ConfigError)
    },
  )

  it('refuses no rows', () => {
    expect(() => compareAverageCertifiedRadius([], [])).toThrow(DataError)
  })
})
