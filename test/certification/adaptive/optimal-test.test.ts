import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import { describe, expect, it } from 'vitest'
import { lookSchedule } from '../../../src/certification/adaptive/looks'
import { optimalTest } from '../../../src/certification/adaptive/optimal-test'
import { lowerConfidenceBound } from '../../../src/statistics/confidence-bound'
import { operatingCharacteristics, type SequentialTest } from '../../../src/statistics/sequential-test'
import { voteByVote } from './vote-by-vote'

/** Φ(0), Φ(1/2), Φ(1), Φ(2), Φ(3). */
const THRESHOLDS = [0.5, 0.6914624612740131, 0.8413447460685429, 0.9772498680518208, 0.9986501019683699]

describe('the error of the test', () => {
  it.each(THRESHOLDS)('is within alpha at p = %f, counted vote by vote', threshold => {
    for (const [n, alpha] of [
      [600, 0.05],
      [1500, 0.001],
    ] as const) {
      if (threshold ** n > alpha) continue
      const test = optimalTest({ threshold, alpha, looks: lookSchedule({ n, block: 16 }), worth: 5 * n })
      const { certified } = voteByVote(test, threshold)
      expect(certified).toBeLessThanOrEqual(alpha)
      // Whole counts leave some of alpha unused, the more the fewer misses there are.
      expect(certified).toBeGreaterThan(0.6 * alpha)
    }
  })

  it.each([
    ...THRESHOLDS.map(threshold => [10_000, threshold] as const),
    [100_000, 0.8413447460685429] as const,
    [100_000, 0.9986501019683699] as const,
  ])('is within alpha and nearly alpha for n = %i at p = %f', (n, threshold) => {
    const alpha = 0.001
    const test = optimalTest({ threshold, alpha, looks: lookSchedule({ n, block: 64 }), worth: 5 * n })
    for (const below of [0, 1e-9, 1e-4, 0.01]) {
      expect(operatingCharacteristics(test, threshold - below).certified).toBeLessThanOrEqual(alpha)
    }
    expect(operatingCharacteristics(test, threshold).certified).toBeGreaterThan(0.9 * alpha)
  })

  it.each([1e-7, 0.1])('is within alpha = %d, far from the usual one', alpha => {
    const test = optimalTest({
      threshold: 0.7,
      alpha,
      looks: lookSchedule({ n: 2000, block: 16 }),
      worth: 10_000,
    })
    const { certified } = operatingCharacteristics(test, 0.7)
    expect(certified).toBeLessThanOrEqual(alpha)
    expect(certified).toBeGreaterThan(0.8 * alpha)
  })
})

describe('what the test decides', () => {
  it('is complete: after the last look it has certified or given up', () => {
    const looks = lookSchedule({ n: 5000, block: 16 })
    const { certifyUpTo, giveUpFrom } = optimalTest({ threshold: 0.9, alpha: 0.001, looks, worth: 25_000 })
    looks.forEach((votes, k) => {
      expect(certifyUpTo[k]).toBeLessThan(giveUpFrom[k] as number)
      expect(certifyUpTo[k]).toBeGreaterThanOrEqual(-1)
      expect(giveUpFrom[k]).toBeLessThanOrEqual(votes + 1)
    })
    expect(giveUpFrom.at(-1)).toBe((certifyUpTo.at(-1) as number) + 1)
  })

  it.each(THRESHOLDS)('is nearly what n votes at once decide, for far fewer votes, at p = %f', threshold => {
    const [n, alpha] = [10_000, 0.001]
    const test = optimalTest({ threshold, alpha, looks: lookSchedule({ n, block: 16 }), worth: 5 * n })
    let misses = Math.floor(n * (1 - threshold))
    while (lowerConfidenceBound(n - misses, n, { alpha }) < threshold) misses -= 1
    // Where CERTIFY with n votes succeeds with 99 %.
    let p = threshold
    while (binomialCdf(misses, n, 1 - p) < 0.99) p += (1 - p) / 1000
    const { certified, votes } = operatingCharacteristics(test, p)
    expect(certified).toBeGreaterThan(0.9)
    expect(votes).toBeLessThan(0.75 * n)
  })

  it('reaches what only unanimous votes show', () => {
    const [n, alpha] = [1000, 0.001]
    const threshold = alpha ** (1 / n) * (1 - 1e-6)
    expect(normalQuantile(threshold, 0, 1)).toBeGreaterThan(2.46)
    const looks = lookSchedule({ n, block: 16 })
    const { certifyUpTo } = optimalTest({ threshold, alpha, looks, worth: 5 * n })
    expect(certifyUpTo).toEqual(looks.map(votes => (votes === n ? 0 : -1)))
  })

  it('loses fewer certificates, for more votes, the more one is worth', () => {
    const looks = lookSchedule({ n: 10_000, block: 64 })
    const [cheap, dear] = [1, 10].map(worth =>
      operatingCharacteristics(
        optimalTest({ threshold: 0.8413, alpha: 0.001, looks, worth: worth * 10_000 }),
        0.855,
      ),
    )
    expect(dear?.certified).toBeGreaterThan((cheap?.certified as number) + 0.01)
    expect(dear?.votes).toBeGreaterThan((cheap?.votes as number) + 100)
  })
})

describe('among all tests with these looks', () => {
  /** Every pair of boundaries that certifies a smaller share of misses than the threshold has. */
  function* everyTest(
    threshold: number,
    looks: readonly number[],
    before: SequentialTest = { threshold, looks, certifyUpTo: [], giveUpFrom: [] },
  ): Generator<SequentialTest> {
    const k = before.certifyUpTo.length
    const votes = looks[k]
    if (votes === undefined) return yield before
    for (let certify = -1; certify < votes * (1 - threshold); certify++) {
      const last = k + 1 < looks.length ? votes + 1 : certify + 1
      for (let giveUp = certify + 1; giveUp <= last; giveUp++) {
        yield* everyTest(threshold, looks, {
          ...before,
          certifyUpTo: [...before.certifyUpTo, certify],
          giveUpFrom: [...before.giveUpFrom, giveUp],
        })
      }
    }
  }

  it.each([
    { threshold: 0.5, alpha: 0.1, looks: [3, 5, 8], worth: 50 },
    { threshold: 0.5, alpha: 0.45, looks: [4, 8], worth: 20 },
    { threshold: 0.7, alpha: 0.2, looks: [3, 5, 8], worth: 20 },
    { threshold: 0.8, alpha: 0.25, looks: [5, 7, 10], worth: 200 },
    { threshold: 0.3, alpha: 0.05, looks: [2, 4, 6], worth: 30 },
    { threshold: 0.5, alpha: 0.01, looks: [1, 12], worth: 1000 },
    { threshold: 0.6, alpha: 0.1, looks: [9], worth: 5 },
  ])(
    'none that errs no more is worth more, nor is there a better one within alpha at any price: %o',
    options => {
      const { threshold, alpha, looks, worth } = options
      const judged = (test: SequentialTest) => {
        // Votes of p from Beta(1, 0.2): Pólya's urn.
        const { certified, votes } = voteByVote(test, (drawn, misses) => (1 + drawn - misses) / (1.2 + drawn))
        return { error: voteByVote(test, threshold).certified, value: worth * certified - votes }
      }
      const found = judged(optimalTest(options))
      let best = found.value
      let steepest = { slope: 0, error: 1 }
      for (const test of everyTest(threshold, looks)) {
        const { error, value } = judged(test)
        if (error <= found.error + 1e-12) best = Math.max(best, value)
        else {
          const slope = (value - found.value) / (error - found.error)
          if (slope > steepest.slope) steepest = { slope, error }
        }
      }
      expect(best).toBeLessThan(found.value + 1e-9)
      expect(found.error).toBeLessThanOrEqual(alpha)
      // Where the price of an error falls below this slope, the best test errs as often as that one.
      expect(steepest.error).toBeGreaterThan(alpha)
    },
  )
})
