import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawnPoints, meanOfFinite, metricChart, spread } from '../../src/analysis/metric-curves'
import { ConfigError } from '../../src/errors'
import { outlines } from './outlines'

it('a smoothed line is the mean of the finite values up to each point', () => {
  const points = [1, 3, Number.NaN, 5].map((value, index) => ({ step: 10 * index, value }))
  expect(drawnPoints(points, 2).map(({ value }) => value)).toEqual([1, 2, 3, 5])
  expect(drawnPoints(points, 1)).toEqual(points)
  expect(meanOfFinite([Number.POSITIVE_INFINITY])).toBeNaN()
})

it('a long line is drawn from few points, the first and the last among them', () => {
  const points = Array.from({ length: 100_001 }, (_, step) => ({ step, value: step }))
  const drawn = drawnPoints(points, 3)
  expect(drawn).toHaveLength(500)
  expect(drawn[0]).toEqual({ step: 0, value: 0 })
  expect(drawn.at(-1)).toEqual({ step: 100_000, value: 99_999 })
})

it('positions are spread in ascending order, each once', () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.integer({ min: 1, max: 600 }), (length, most) => {
      const positions = spread(length, most)
      expect(positions).toHaveLength(Math.min(length, most))
      expect([...new Set(positions)].sort((a, b) => a - b)).toEqual(positions)
      if (length > 0) expect(positions.at(-1)).toBe(length - 1)
    }),
  )
})

it('a metric that never changes has an axis with room around it, and a legend only where lines need names', async () => {
  const constant = { label: 'only one', points: [1, 2].map(step => ({ step, value: 0.5 })) }
  const options = { along: 'epoch', smoothing: 1, showsRaw: false } as const
  const alone = await metricChart({ metric: 'ε', series: [constant] }, options)
  expect(alone).toContain('>0.50<')
  expect(alone).not.toContain('role-legend')
  const both = await metricChart(
    { metric: 'ε', series: [constant, { ...constant, label: 'other' }] },
    options,
  )
  expect(both).toContain('role-legend')
})

describe('a chart of a metric', () => {
  const options = { along: 'training step', smoothing: 1, showsRaw: false } as const
  const points = [3, 2, Number.NaN, 1, Number.POSITIVE_INFINITY, 0.5, 0.25].map((value, step) => ({
    step,
    value,
  }))

  it('draws a line a series and leaves a gap where a value is not finite', async () => {
    const finite = points.filter(({ value }) => Number.isFinite(value))
    const series = [
      { label: 'with gaps', points },
      { label: 'whole', points: finite },
    ]
    const svg = await metricChart({ metric: 'loss', series }, options)
    expect(outlines(svg, 'line').map(outline => outline.split('M').length - 1)).toEqual([3, 1])
    for (const text of ['training step', 'loss', 'with gaps', 'whole'])
      expect(svg).toContain(`>${text}</text>`)
    expect(svg).not.toMatch(/NaN|Infinity/)
  })

  it('refuses series that share a label', async () => {
    const series = [
      { label: 'loss', points },
      { label: 'loss', points },
    ]
    await expect(metricChart({ metric: 'loss', series }, options)).rejects.toThrow(ConfigError)
  })
})
