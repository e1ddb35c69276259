import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  abstentionRate,
  averageCertifiedRadius,
  certifiedAccuracy,
  certifiedAccuracyPerClass,
  highProbabilityAccuracy,
  lInfinityCertifiedAccuracy,
  lInfinityRadius,
} from '../../src/analysis/certified-accuracy'
import { comparePaired } from '../../src/analysis/paired-comparison'
import { ConfigError, DataError } from '../../src/errors'
import { releasedHighProbabilityAccuracy, releasedMargin } from '../../src/fixtures/released-high-probability'
import { ABSTAIN } from '../../src/logs/abstain'
import { type CertificationRow, parseLog } from '../../src/logs/certification-log'
import fixture from '../fixtures/curves.json'
import { rowsOf } from './rows'

const TOLERANCE = 1e-12

function relativeError(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected)
}

/** 8 images: 4 correct with radii 0.25, 0.5, 0.5, 1; 2 wrong with radii; 2 abstained. */
const rows = rowsOf(
  [0, 0, 0.25],
  [0, 0, 0.5],
  [1, 1, 0.5],
  [1, 1, 1],
  [0, 1, 2],
  [1, 0, 0.75],
  [0, 'abstain'],
  [2, 'abstain'],
)

// The logs are other people's and not part of this project: FT_CADIS_LOGS names a folder that holds them.
const logFolder = process.env.FT_CADIS_LOGS
describe.skipIf(logFolder === undefined)('golden values of the reference, on real logs', () => {
  it.each(fixture.cases)('$file', expected => {
    const { rows, partial } = parseLog(
      readFileSync(join(logFolder as string, expected.file), 'utf8'),
      expected,
    )
    expect(partial).toBeUndefined()
    expect(rows).toHaveLength(expected.num_examples)
    expect(rows.filter(({ correct }) => correct)).toHaveLength(expected.num_correct)
    expect(rows.filter(({ prediction }) => prediction === ABSTAIN)).toHaveLength(expected.num_abstain)
    expect(abstentionRate(rows)).toBe(expected.num_abstain / expected.num_examples)
    expect(relativeError(averageCertifiedRadius(rows), expected.acr)).toBeLessThan(TOLERANCE)
    const accuracies = certifiedAccuracy(rows, fixture.radii)
    const bounds = highProbabilityAccuracy(rows, fixture.radii)
    const released = releasedHighProbabilityAccuracy(rows, fixture.radii)
    fixture.radii.forEach((_, position) => {
      const accuracy = expected.certified_accuracy[position] as number
      const bound = expected.high_prob_accuracy[position] as number
      expect(relativeError(accuracies[position] as number, accuracy)).toBeLessThan(TOLERANCE)
      expect(relativeError(released[position] as number, bound)).toBeLessThan(TOLERANCE)
      // The quantile itself, not its approximation: a few images of 10,000 less.
      expect(bounds[position]).toBeLessThan(bound)
      expect(bounds[position]).toBeCloseTo(bound, 3)
    })
  })
})

describe('certifiedAccuracy', () => {
  it('counts correct rows with at least the radius', () => {
    expect(certifiedAccuracy(rows, [0, 0.25, 0.2500001, 0.5, 1, 1.0000001, 2])).toEqual(
      [4, 4, 3, 3, 1, 0, 0].map(count => count / 8),
    )
  })

  it('counts a class without a certificate at no radius, however right it is', () => {
    const [certified] = rowsOf([3, 3, 0.5]) as [CertificationRow]
    const predicted: CertificationRow = { ...certified, finding: { kind: 'predicted', class: 3 }, radius: 0 }
    const refused: CertificationRow = {
      ...certified,
      finding: { kind: 'certified-at', class: 3, radii: [], refused: [0.5] },
      radius: 0,
    }
    expect(certifiedAccuracy([certified, predicted, refused], [0, 0.5])).toEqual([1 / 3, 1 / 3])
    expect(averageCertifiedRadius([certified, predicted])).toBe(0.25)
    const { averageCertifiedRadius: acr, certifiedAccuracy: shares } = comparePaired(
      [[certified, { ...predicted, index: 1 }]],
      [[certified, certified].map((row, index) => ({ ...row, index }))],
      { radii: [0] },
    )
    expect([acr.difference, shares[0]?.difference]).toEqual([-0.25, -0.5])
  })

  it('counts a correct row with radius 0 at radius 0', () => {
    expect(certifiedAccuracy(rowsOf([0, 0, 0], [0, 'abstain']), [0])).toEqual([0.5])
  })
})

describe('averageCertifiedRadius', () => {
  it('gives wrong and abstained rows 0 and divides by all', () => {
    expect(averageCertifiedRadius(rows)).toBe(2.25 / 8)
  })
})

describe('abstentionRate', () => {
  it('is not the error rate', () => {
    expect(abstentionRate(rows)).toBe(0.25)
  })
})

describe('highProbabilityAccuracy', () => {
  it.each([
    [8, 0.01, 1 / Math.E],
    [300, 0.05, 0.01],
    [10_000, 0.001, 0.001],
    [10_000, 0.01, 0.001],
    [50_000, 0.001, 0.001],
    [10_000, 1e-7, 0.001],
  ])('of %i images at alpha %d is false with probability at most rho = %d', (images, alpha, rho) => {
    const all = rowsOf(...Array.from({ length: images }, () => [0, 0, 1] as const))
    const [bound] = highProbabilityAccuracy(all, [1], { alpha, rho }) as [number]
    const wrong = Math.round(images * (1 - bound))
    expect(bound).toBeCloseTo(1 - wrong / images, 14)
    // False where more of the certificates are wrong than are taken off: with one less, that is too probable.
    expect(exceeding(wrong, images, alpha)).toBeLessThanOrEqual(rho)
    if (wrong > 0) expect(exceeding(wrong - 1, images, alpha)).toBeGreaterThan(rho)
  })

  it.each([
    [10_000, 0.001, 1.579e-3],
    [50_000, 0.001, 2.957e-3],
    [10_000, 0.01, 2.896e-3],
  ])('the released margin of %i images at alpha %d is too small', (images, alpha, probability) => {
    const margin = releasedMargin(images, { alpha, rho: 0.001 })
    expect(exceeding(Math.floor(images * margin), images, alpha)).toBeCloseTo(probability, 6)
  })

  it('may be negative, and the released value agrees with the reference', () => {
    const [expected] = fixture.cases
    const tenThousand = rowsOf(...Array.from({ length: 10_000 }, () => [0, 'abstain'] as const))
    const [bound] = releasedHighProbabilityAccuracy(tenThousand, [1])
    expect(relativeError(bound as number, expected?.high_prob_accuracy[4] as number)).toBeLessThan(TOLERANCE)
    expect(highProbabilityAccuracy(tenThousand, [1])).toEqual([-21 / 10_000])
  })

  it.each([{ alpha: 0 }, { alpha: 1 }, { rho: 0 }, { rho: Number.NaN }])('refuses %o', options => {
    expect(() => highProbabilityAccuracy(rows, [0], options)).toThrow(ConfigError)
  })
})

describe('l-infinity conversion', () => {
  it('divides by the square root of the dimensions', () => {
    expect(lInfinityRadius(1, 3 * 32 * 32)).toBeCloseTo(0.01804219591, 10)
    expect(lInfinityRadius(0.25, 16)).toBe(0.0625)
  })

  it('is certified accuracy at the larger l2 radius', () => {
    expect(lInfinityCertifiedAccuracy(rows, [0, 0.125, 0.126], { dimensions: 16 })).toEqual([
      0.5, 0.375, 0.125,
    ])
  })

  it.each([0, 1.5, Number.NaN])('refuses %d dimensions', dimensions => {
    expect(() => lInfinityRadius(1, dimensions)).toThrow(ConfigError)
  })
})

describe('certifiedAccuracyPerClass', () => {
  it('divides by the images of the class', () => {
    expect(certifiedAccuracyPerClass(rows, [0, 0.5])).toEqual([
      { label: 0, images: 4, averageCertifiedRadius: 0.1875, certifiedAccuracy: [0.5, 0.25] },
      { label: 1, images: 3, averageCertifiedRadius: 0.5, certifiedAccuracy: [2 / 3, 2 / 3] },
      { label: 2, images: 1, averageCertifiedRadius: 0, certifiedAccuracy: [0, 0] },
    ])
  })
})

it.each<[string, () => unknown]>([
  ['certified accuracy', () => certifiedAccuracy([], [0])],
  ['high-probability accuracy', () => highProbabilityAccuracy([], [0])],
  ['ACR', () => averageCertifiedRadius([])],
  ['abstention rate', () => abstentionRate([])],
  ['class accuracy', () => certifiedAccuracyPerClass([], [0])],
])('%s of no rows is refused', (_what, call) => {
  expect(call).toThrow(DataError)
})

it.each([-0.1, Number.NaN])('the radius %d is refused', radius => {
  expect(() => certifiedAccuracy(rows, [radius])).toThrow(ConfigError)
})

/** P[X > count] of a binomial, summed term by term from the logarithms of its ratios. */
function exceeding(count: number, trials: number, p: number): number {
  let logTerm = trials * Math.log1p(-p)
  let sum = 0
  for (let k = 1; k <= trials; k++) {
    logTerm += Math.log((trials - k + 1) / k) + Math.log(p) - Math.log1p(-p)
    if (k > count) sum += Math.exp(logTerm)
  }
  return sum
}
