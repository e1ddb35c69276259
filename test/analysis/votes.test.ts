import { describe, expect, it } from 'vitest'
import { groupLogs } from '../../src/analysis/runs'
import { expectedChart, expectedTable, shareChart, shareDistribution } from '../../src/analysis/votes/charts'
import { expectedFigures, labelShares } from '../../src/analysis/votes/shares'
import { ConfigError } from '../../src/errors'
import type { CertificationLog } from '../../src/logs/certification-log-file'
import { gaussianBound } from '../../src/statistics/bound'
import { lowerConfidenceBound } from '../../src/statistics/confidence-bound'
import { configuration, labelled, logOf } from './logs'

const N = 1000

/** Of images of class 1, with so many of 1,000 votes on it; below 0, on another class. */
function counted(...counts: readonly number[]): CertificationLog {
  const log = logOf(
    'c',
    counts.map(() => 1),
  )
  const rows = log.rows.map((row, index) => {
    const count = counts[index] ?? 0
    const candidate = count < 0 ? 7 : row.label
    const evidence = {
      candidate,
      candidateCount: Math.abs(count),
      runnerUp: 2,
      runnerUpCount: 0,
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
    // At most the votes that the other class has left.
    expect(wrong).toEqual({ share: 0, lower: 0, upper: expect.closeTo(0.12, 2) })
  })

  it('are distributed as the share of images that have at least so much, within the band', () => {
    const points = shareDistribution([{ name: 'm', logs: [counted(1000, 600, -900)] }])
    const at = (p: number) => points.find(point => point.p === p)?.images
    expect([0, 0.05, 0.6, 0.605, 1].map(at)).toEqual([100, 200 / 3, 200 / 3, 100 / 3, 100 / 3])
    for (const { images, lower, upper } of points) {
      expect(lower).toBeLessThanOrEqual(images)
      expect(upper).toBeGreaterThanOrEqual(images)
    }
  })

  it.each([
    ['of a log that says nothing', logOf('a', [1], 'undocumented'), /no \.json beside it/],
    ['of a log without counts', logOf('a', [1]), /no columns of counts/],
    ['of an adaptive log', logOf('a', [1], { procedure: { kind: 'grid' } }), /adaptive/],
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

  it('is refused for numbers that are none of votes', () => {
    expect(() => expectedFigures(counted(900), [0], [])).toThrow(
      /n must be a whole number of at least 1, got 0/,
    )
  })

  it('has a table and a chart, and so has the distribution', async () => {
    const methods = groupLogs(labelled('m', counted(1000, 600, -900)))
    const { rows } = expectedTable(methods, [0], [100, 1000])
    expect(rows.map(([name, n]) => [name, n])).toEqual([
      ['m', 100],
      ['m', 1000],
    ])
    expect(await expectedChart(methods, { ns: [100, 1000] })).toContain('>1,000</text>')
    expect(await shareChart(methods)).toContain('>images with at least p (%)</text>')
  })
})
