import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ABSTAIN, certifyFromCounts, predictFromCounts } from '../../src/certification/statistics'
import { ConfigError } from '../../src/errors'
import { predictionOf, radiusOf } from '../../src/logs/outcome'
import { gaussianBound } from '../../src/statistics/bound'
import { lowerConfidenceBound } from '../../src/statistics/confidence-bound'
import fixture from '../fixtures/certify.json'

const TOLERANCE = 1e-10

function relativeError(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected)
}

describe('golden values of the reference', () => {
  it.each(fixture.cases)('bound and radii of $nA votes of $n at alpha $alpha', expected => {
    const lowerBound = lowerConfidenceBound(expected.nA, expected.n, { alpha: expected.alpha })
    expect(relativeError(lowerBound, expected.pABar)).toBeLessThan(TOLERANCE)
    expected.sigmas.forEach((sigma, index) => {
      const radius = expected.radii[index] as number
      const bound = gaussianBound(sigma)
      const outcome = certifyFromCounts([1, 0], [expected.nA, expected.n - expected.nA], {
        alpha: expected.alpha,
        bound,
      })
      expect(predictionOf(outcome)).toBe(expected.abstain ? ABSTAIN : 0)
      if (expected.abstain) expect(radiusOf(outcome)).toBe(0)
      else expect(relativeError(bound.radius(expected.pABar), radius)).toBeLessThan(TOLERANCE)
      // Where the bound is within 1e-5 of 1/2, the last digits of the bound are all that is left of the radius: the
      // reference itself is 1.8e-10 relative away from the exact value there, so digits are counted against sigma.
      expect(Math.abs(radiusOf(outcome) - radius) / Math.max(radius, sigma)).toBeLessThan(1e-12)
    })
  })

  it.each(fixture.certify_calls)('CERTIFY of $counts_selection, $counts_estimation at $alpha', expected => {
    const outcome = certifyFromCounts(expected.counts_selection, expected.counts_estimation, {
      alpha: expected.alpha,
      bound: gaussianBound(expected.sigma),
    })
    expect(predictionOf(outcome)).toBe(expected.predict)
    expect(relativeError(radiusOf(outcome), expected.radius)).toBeLessThan(TOLERANCE)
    expect(outcome.evidence).toMatchObject({ n0: expected.n0, n: expected.n })
  })

  it.each(fixture.predict_calls)('PREDICT of $counts at $alpha', expected => {
    const { prediction, pValue } = predictFromCounts(expected.counts, expected)
    expect(prediction).toBe(expected.predict)
    // The reference leaves denormal dust where the p-value is 0 in double precision.
    if (expected.p_value < 1e-300) expect(pValue).toBeLessThan(1e-300)
    else expect(relativeError(pValue, expected.p_value)).toBeLessThan(TOLERANCE)
  })

  it('covers both answers', () => {
    for (const abstained of [true, false]) {
      expect(fixture.cases.some(({ abstain }) => abstain === abstained)).toBe(true)
      expect(fixture.certify_calls.some(({ predict }) => (predict === ABSTAIN) === abstained)).toBe(true)
      expect(fixture.predict_calls.some(({ abstain }) => abstain === abstained)).toBe(true)
    }
  })
})

describe('certifyFromCounts', () => {
  it('keeps the counts that the certificate follows from', () => {
    const outcome = certifyFromCounts([2, 7, 0], [60, 900, 40], { alpha: 0.001, bound: gaussianBound(0.5) })
    const lowerBound = lowerConfidenceBound(900, 1000, { alpha: 0.001 })
    expect(outcome).toEqual({
      kind: 'certified',
      class: 1,
      radius: gaussianBound(0.5).radius(lowerBound),
      evidence: {
        ...{ candidate: 1, candidateCount: 900, runnerUp: 0, runnerUpCount: 60, n0: 9, n: 1000, lowerBound },
        selection: { 0: 2, 1: 7 },
      },
    })
  })

  it('keeps the candidate when it abstains, even one that the estimation ranks last', () => {
    const outcome = certifyFromCounts([0, 5, 5], [90, 0, 10], { alpha: 0.001, bound: gaussianBound(1) })
    expect(outcome).toEqual({
      kind: 'abstains',
      evidence: {
        ...{ candidate: 1, candidateCount: 0, runnerUp: 0, runnerUpCount: 90, n0: 10, n: 100, lowerBound: 0 },
        selection: { 1: 5, 2: 5 },
      },
    })
  })

  it('names the first of several runners-up', () => {
    const { evidence } = certifyFromCounts([0, 9, 0], [5, 90, 5], { alpha: 0.001, bound: gaussianBound(1) })
    expect(evidence.runnerUp).toBe(0)
  })
})

describe('lowerConfidenceBound', () => {
  it('is the probability at which that many successes have chance alpha', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 2000 })
          .chain(n => fc.tuple(fc.constant(n), fc.integer({ min: Math.ceil(n / 4), max: n }))),
        fc.constantFrom(1e-7, 1e-3, 0.05, 0.5),
        ([n, successes], alpha) => {
          const bound = lowerConfidenceBound(successes, n, { alpha })
          // Above a quarter, so that 1 - bound keeps its digits. The chance of at least k successes at p is the chance of at most n - k failures at 1 - p.
          expect(relativeError(binomialCdf(n - successes, n, 1 - bound), alpha)).toBeLessThan(1e-8)
          expect(bound).toBeLessThan(successes / n + (alpha === 0.5 ? 1 / n : 0))
        },
      ),
    )
  })

  it.each([
    [527, 1000, 0.05, 0.5004965713130767],
    [5117, 10_000, 0.01, 0.5000186910583495],
    [50_490, 100_000, 0.001, 0.5000089487744036],
  ])(
    'is exact to the last digits at the decision boundary: %i of %i at %d',
    (successes, trials, alpha, exact) => {
      // Exact values: 40-digit arithmetic (mpmath).
      expect(Math.abs(lowerConfidenceBound(successes, trials, { alpha }) - exact)).toBeLessThan(1e-14)
    },
  )

  it('rises with the successes and with alpha', () => {
    const bounds = Array.from({ length: 101 }, (_, nA) => lowerConfidenceBound(nA, 100, { alpha: 0.01 }))
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b))
    expect(new Set(bounds).size).toBe(101)
    expect(lowerConfidenceBound(99, 100, { alpha: 0.05 })).toBeGreaterThan(bounds[99] as number)
  })

  it('never falls with a success, with alpha, or with a trial less', () => {
    const successes = fc.integer({ min: 1, max: 5000 }).chain(n => fc.tuple(fc.nat(n), fc.constant(n)))
    const alphas = fc.tuple(
      fc.double({ min: 1e-8, max: 0.5, noNaN: true }),
      fc.double({ min: 1, max: 1.9, noNaN: true }),
    )
    fc.assert(
      fc.property(successes, alphas, ([k, n], [alpha, factor]) => {
        const bound = lowerConfidenceBound(k, n, { alpha })
        // A bound is accurate to 1e-14.
        const atLeast = (least: number) => bound - least > -2e-14
        expect(atLeast(lowerConfidenceBound(k, n + 1, { alpha }))).toBe(true)
        if (k > 0) expect(atLeast(lowerConfidenceBound(k - 1, n, { alpha }))).toBe(true)
        expect(atLeast(lowerConfidenceBound(k, n, { alpha: alpha / factor }))).toBe(true)
        expect(bound).toBeGreaterThanOrEqual(0)
        expect(bound).toBeLessThan(1)
      }),
    )
  })

  it('is alpha to the 1/n for unanimous votes, and 0 without a vote', () => {
    expect(lowerConfidenceBound(100_000, 100_000, { alpha: 0.001 })).toBeCloseTo(0.001 ** 1e-5, 14)
    expect(lowerConfidenceBound(0, 10, { alpha: 0.001 })).toBe(0)
  })
})

it('CERTIFY does not abstain at a bound of exactly 1/2, whose radius is 0', () => {
  const outcome = certifyFromCounts([0, 1], [0, 1], { alpha: 0.5, bound: gaussianBound(1) })
  expect(outcome).toMatchObject({ kind: 'certified', class: 1, radius: 0, evidence: { lowerBound: 0.5 } })
})

describe('certificates', () => {
  const votes = fc.array(fc.nat(2000), { minLength: 2, maxLength: 12 })

  it('hold for any counts: a radius above 0 and a class, or 0 and none; one vote more for the class never shortens it', () => {
    fc.assert(
      fc.property(votes, votes, fc.constantFrom(1e-7, 1e-3, 0.05), (selection, estimation, alpha) => {
        const counts = estimation.slice(0, selection.length)
        const padded = [...counts, ...Array<number>(selection.length - counts.length).fill(0)]
        fc.pre(selection.some(count => count > 0) && padded.some(count => count > 0))
        const options = { alpha, bound: gaussianBound(0.5) }
        const outcome = certifyFromCounts(selection, padded, options)
        const { candidate, candidateCount, runnerUp, n } = outcome.evidence
        const radius = radiusOf(outcome)
        expect(candidateCount).toBe(padded[candidate])
        expect(runnerUp).not.toBe(candidate)
        if (outcome.kind === 'abstains') expect(radius).toBe(0)
        else {
          expect(predictionOf(outcome)).toBe(candidate)
          expect(radius).toBeGreaterThanOrEqual(0)
          expect(candidateCount).toBeGreaterThan(n / 2)
        }
        const more = certifyFromCounts(
          selection,
          padded.map((count, label) => (label === candidate ? count + 1 : count)),
          options,
        )
        expect(radiusOf(more)).toBeGreaterThanOrEqual(radius)
      }),
    )
  })

  it('of PREDICT do not depend on the order of classes but for ties', () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(fc.nat(2000), { minLength: 2, maxLength: 12 })
          .chain(counts =>
            fc.tuple(
              fc.constant(counts),
              fc.shuffledSubarray([...counts.keys()], { minLength: counts.length }),
            ),
          ),
        ([counts, order]) => {
          const alpha = 0.001
          const { prediction, pValue, topCount } = predictFromCounts(counts, { alpha })
          const shuffled = predictFromCounts(
            order.map(label => counts[label] as number),
            { alpha },
          )
          expect(shuffled).toMatchObject({ pValue, topCount })
          expect(order[shuffled.prediction] ?? ABSTAIN).toBe(prediction)
        },
      ),
    )
  })
})

describe('predictFromCounts', () => {
  it('tests the two leading classes and names them', () => {
    expect(predictFromCounts([3, 1, 96], { alpha: 0.01 })).toMatchObject({
      prediction: 2,
      topClass: 2,
      topCount: 96,
      runnerUp: 0,
      runnerUpCount: 3,
    })
  })

  it('does not abstain at a p-value of exactly alpha', () => {
    expect(predictFromCounts([5, 0], { alpha: 0.0625 })).toMatchObject({ prediction: 0, pValue: 0.0625 })
  })
})

const votes = [1, 9]
const good = { alpha: 0.001, bound: gaussianBound(0.5) }
it.each<[string, () => unknown, RegExp]>([
  ['alpha 0', () => lowerConfidenceBound(1, 2, { alpha: 0 }), /alpha.*got 0\./],
  ['alpha 1', () => certifyFromCounts(votes, votes, { ...good, alpha: 1 }), /alpha.*got 1\./],
  ['alpha NaN', () => predictFromCounts(votes, { alpha: Number.NaN }), /alpha.*got NaN/],
  ['no trials', () => lowerConfidenceBound(0, 0, { alpha: 0.1 }), /0 of 0/],
  ['more successes than trials', () => lowerConfidenceBound(3, 2, { alpha: 0.1 }), /3 of 2/],
  ['half a success', () => lowerConfidenceBound(0.5, 2, { alpha: 0.1 }), /successes.*got 0\.5/],
  ['a negative count', () => predictFromCounts([4, -1], { alpha: 0.1 }), /class 1.*got -1/],
  [
    'a count that is not a number',
    () => predictFromCounts([Number.NaN, 1], { alpha: 0.1 }),
    /class 0.*got NaN/,
  ],
  ['no votes at all', () => predictFromCounts([0, 0], { alpha: 0.1 }), /at least 1 in all, got 0/],
  ['no selection', () => certifyFromCounts([0, 0], votes, good), /at least 1 in all, got 0/],
  ['a single class', () => predictFromCounts([5], { alpha: 0.1 }), /at least 2 classes, got 1/],
  ['stages over other classes', () => certifyFromCounts([1, 2, 3], votes, good), /3 classes.*estimation 2/],
])('refuses %s', (_what, call, message) => {
  expect(call).toThrow(ConfigError)
  expect(call).toThrow(message)
})
