import { describe, expect, it } from 'vitest'
import { groupLogs } from '../../src/analysis/runs'
import { expectedChart, expectedTable, shareChart, shareDistribution } from '../../src/analysis/votes/charts'
import { expectedFigures, labelShares } from '../../src/analysis/votes/shares'
import { ConfigError } from '../../src/errors'
import type { CertificationLog } from '../../src/logs/certification-log-file'
import { gaussianBound } from '../../src/statistics/bound'
import { lowerConfidenceBound } from '../../src/statistics/confidence-bound'
import { configuration, labelled, logOf } from './logs'
import { outlines } from './outlines'

const N = 1000

/** Of images of class 1, with this many of 1,000 votes on it; below 0, on another class, with 80 on class 2. */
function counted(...counts: readonly number[]): CertificationLog {
  const log = logOf(
    'c',
    counts.map(() => 1),
    { bound: 'gaussian' },
  )
  const rows = log.rows.map((row, index) => {
    const count = counts[index] ?? 0
    const candidate = count < 0 ? 7 : row.label
    const evidence = {
      candidate,
      candidateCount: Math.abs(count),
      runnerUp: 2,
      runnerUpCount: count < 0 && count > -N ? 80 : 0,
      n0: 100,
      n: N,
    }
    return { ...row, evidence }
  })
  return { ...log, rows }
}

describe('shares of the votes', () => {
  it('are of the label, with the interval of each image', () => {
    const [certain, unsure, wrong] = labelShares(counted(1000, 600, -900))
    expect(certain).toEqual({ share: 1, lower: expect.closeTo(0.025 ** (1 / N), 9), upper: 1 })
    expect(unsure?.share).toBe(0.6)
    expect(unsure?.lower).toBeLessThan(0.6)
    expect(unsure?.upper).toBeGreaterThan(0.6)
    // At most the votes of the runner-up: the upper end of Clopper and Pearson for 80 of 1,000.
    expect(wrong).toEqual({ share: 0, lower: 0, upper: expect.closeTo(0.0986, 4) })
  })

  it('are those of the runner-up where that is the label', () => {
    const log = counted(-900)
    const [row] = log.rows
    const evidence = { ...row?.evidence, runnerUp: row?.label }
    const [second] = labelShares({ ...log, rows: [{ ...row, evidence } as never] })
    expect(second).toEqual({
      share: 0.08,
      lower: expect.closeTo(0.0639, 4),
      upper: expect.closeTo(0.0986, 4),
    })
  })

  it('are distributed as the share of images that have at least so much, within the band', () => {
    const points = shareDistribution([{ name: 'm', logs: [counted(1000, 600, -900)] }])
    const at = (p: number) => points.find(point => point.p === p)?.images
    expect([0, 0.05, 0.6, 0.605, 1].map(at)).toEqual([100, 200 / 3, 200 / 3, 100 / 3, 100 / 3])
    for (const { images, lower, upper } of points) {
      expect(lower).toBeLessThanOrEqual(images)
      expect(upper).toBeGreaterThanOrEqual(images)
    }
    // The intervals are 0.9963 to 1, 0.5689 to 0.6305 and 0 to 0.0986.
    const band = (p: number) => {
      const { lower = 0, upper = 0 } = points.find(point => point.p === p) ?? {}
      return [Math.round((3 * lower) / 100), Math.round((3 * upper) / 100)]
    }
    expect([0, 0.095, 0.1, 0.565, 0.57, 0.63, 0.635, 0.995, 1].map(band)).toEqual([
      ...[
        [3, 3],
        [2, 3],
        [2, 2],
        [2, 2],
        [1, 2],
        [1, 2],
        [1, 1],
        [1, 1],
      ],
      [0, 1],
    ])
  })

  it.each([
    ['of a log that says nothing', logOf('a', [1], 'undocumented'), /no \.json beside it/],
    ['of a log without counts', logOf('a', [1]), /no columns of counts/],
    ['of an adaptive log', logOf('a', [1], { procedure: { kind: 'grid' } }), /its procedure is grid/],
  ])('%s are refused', (_, log, message) => {
    expect(() => labelShares(log)).toThrow(ConfigError)
    expect(() => labelShares(log)).toThrow(message)
  })
})

describe('what other numbers of votes are expected to give', () => {
  it('is the radius of a certain vote where all votes agree, and nothing where another class was counted', () => {
    const [figures] = expectedFigures(counted(1000, -1000), [100], [0, 0.5, 1])
    const { sigma, alpha } = configuration
    const radius = gaussianBound(sigma).radius(lowerConfidenceBound(100, 100, { alpha }))
    expect(figures?.averageCertifiedRadius).toBeCloseTo(radius / 2, 12)
    expect(figures?.certifiedAccuracy).toEqual([0.5, 0.5, 0])
  })

  it('is a mean over counts, which grows with n', () => {
    const ns = [100, 1000, 10_000]
    const figures = expectedFigures(counted(900, 700), ns, [0])
    const radii = figures.map(({ averageCertifiedRadius }) => averageCertifiedRadius)
    expect(radii).toEqual([...radii].sort((a, b) => a - b))
    // Never more than what the share itself would certify.
    const limit = (gaussianBound(0.5).radius(0.9) + gaussianBound(0.5).radius(0.7)) / 2
    expect(radii.at(-1)).toBeLessThan(limit)
    expect(radii.at(-1)).toBeGreaterThan(0.9 * limit)
  })

  it.each([
    [1, 0],
    [20, 0.25],
    [57, 0.25],
    [200, 0.5],
  ])('is that of every count of %i votes by its own probability', (n, radius) => {
    const { sigma, alpha } = configuration
    const shares = [0.9, 0.7, 0.3]
    const sums = shares.map(share => expectationByHand(share, { n, radius, sigma, alpha }))
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const [figures] = expectedFigures(counted(900, 700, 300), [n], [radius])
    expect(figures?.averageCertifiedRadius).toBeCloseTo(mean(sums.map(each => each.radius)), 9)
    expect(figures?.certifiedAccuracy[0]).toBeCloseTo(mean(sums.map(each => each.certified)), 9)
  })

  it('has the radii of the bound of the log, and its error', () => {
    const log = counted(1000)
    const withBound = (changes: object): CertificationLog => ({
      ...log,
      metadata: {
        format: 2,
        configuration: { ...configuration, norm: 'l1', bound: 'uniform', ...changes },
      },
    })
    // 2 √3 σ (α^(1/n) - 1/2)
    const radiusAt = (alpha: number) => 2 * Math.sqrt(3) * 0.5 * (alpha ** (1 / 100) - 0.5)
    const acr = (changes: object) => expectedFigures(withBound(changes), [100], [])[0]?.averageCertifiedRadius
    expect(acr({})).toBeCloseTo(radiusAt(0.001), 9)
    expect(acr({ sound: { alpha: 0.0005 } })).toBeCloseTo(radiusAt(0.0005), 9)
    expect(() => acr({ bound: 'of a test' })).toThrow(/its bound, of a test, is not known here/)
  })

  it('is refused for numbers that are none of votes', () => {
    expect(() => expectedFigures(counted(900), [0], [])).toThrow(
      /n must be a whole number of at least 1, got 0/,
    )
  })

  it('has a table and a chart, and so has the distribution', async () => {
    const log = counted(1000, 600, -900)
    const methods = groupLogs(labelled('m', log))
    const { rows } = expectedTable(methods, [0], [100, 1000])
    const figures = expectedFigures(log, [100, 1000], [0])
    expect(rows).toEqual(
      figures.map(({ n, averageCertifiedRadius, certifiedAccuracy: [share = 0] }) => [
        ...['m', n],
        ...[100 * share, averageCertifiedRadius],
      ]),
    )
    const chart = await expectedChart(methods, { ns: [100, 1000] })
    expect(chart).toContain('>1,000</text>')
    const drawn = [...chart.matchAll(/\(n\): [\d,]+; expected ACR: ([\d.]+)/g)].map(([, value]) =>
      Number(value),
    )
    const radii = figures.map(({ averageCertifiedRadius }) => averageCertifiedRadius)
    expect([...new Set(drawn)]).toEqual(radii.map(radius => expect.closeTo(radius, 9)))
    const shares = await shareChart(methods)
    expect(shares).toContain('>images with at least p (%)</text>')
    // At p = 0.6 the band is from one image to two: from 2/3 of the height to 1/3, in steps as the line has them.
    const [band = ''] = outlines(shares, 'area')
    const corners = [...band.matchAll(/[ML]([\d.]+),([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])
    const width = Math.max(...corners.map(([x = 0]) => x))
    const height = Math.max(...corners.map(([, y = 0]) => y))
    const at = corners.filter(([x = 0]) => Math.abs(x / width - 0.6) < 1e-6).map(([, y = 0]) => y)
    expect(at.length).toBeGreaterThan(2)
    expect([Math.min(...at), Math.max(...at)].map(y => y / height)).toEqual([
      expect.closeTo(1 / 3, 2),
      expect.closeTo(2 / 3, 2),
    ])
  })
})

/** Every count of n with its binomial probability; the bound of Clopper and Pearson by halving the tail of the same sums. */
function expectationByHand(
  share: number,
  { n, radius, sigma, alpha }: { n: number; radius: number; sigma: number; alpha: number },
): { readonly radius: number; readonly certified: number } {
  const logFactorials = [0]
  for (let k = 1; k <= n; k += 1) logFactorials.push((logFactorials[k - 1] as number) + Math.log(k))
  const probability = (count: number, p: number) => {
    const choose =
      (logFactorials[n] as number) - (logFactorials[count] as number) - (logFactorials[n - count] as number)
    return Math.exp(choose + count * Math.log(p) + (n - count) * Math.log1p(-p))
  }
  const atLeast = (count: number, p: number) =>
    Array.from({ length: n - count + 1 }, (_, more) => probability(count + more, p)).reduce(
      (sum, value) => sum + value,
      0,
    )
  const halved = (isBelow: (middle: number) => boolean, [low, high]: [number, number]): number => {
    for (let step = 0; step < 100; step += 1) {
      const middle = (low + high) / 2
      if (isBelow(middle)) low = middle
      else high = middle
    }
    return low
  }
  const result = { radius: 0, certified: 0 }
  for (let count = 1; count <= n; count += 1) {
    const lowerBound = halved(p => atLeast(count, p) <= alpha, [0, 1])
    if (lowerBound < 0.5) continue
    // Φ by Simpson's rule from 0.
    const distribution = (z: number) => {
      const steps = 400
      const height = (place: number) =>
        Math.exp(-0.5 * ((z * place) / steps) ** 2) * (place % steps === 0 ? 1 : 2 + 2 * (place % 2))
      const sum = Array.from({ length: steps + 1 }, (_, place) => height(place)).reduce((a, b) => a + b, 0)
      return 0.5 + (sum * z) / steps / 3 / Math.sqrt(2 * Math.PI)
    }
    const certified = sigma * halved(z => distribution(z) <= lowerBound, [0, 8])
    result.radius += probability(count, share) * certified
    if (certified >= radius) result.certified += probability(count, share)
  }
  return result
}
