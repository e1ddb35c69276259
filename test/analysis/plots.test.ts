import { describe, expect, it } from 'vitest'
import {
  certifiedAccuracyChart,
  certifiedAccuracyCurves,
  certifiedAccuracyFigure,
} from '../../src/analysis/plots'
import { ConfigError } from '../../src/errors'
import { outlines } from './outlines'
import { rowsOf } from './rows'

const strong = rowsOf([0, 0, 1], [0, 0, 0.5], [1, 1, 0.25], [1, 0, 2])
const weak = rowsOf([0, 0, 0.25], [0, 'abstain'], [1, 1, 0.25], [1, 0, 2])

const oneSeed = [
  { label: 'strong', logs: [strong] },
  { label: 'weak', logs: [weak] },
]
const twoSeeds = [{ label: 'both', logs: [strong, weak] }]

describe('certifiedAccuracyCurves', () => {
  it('has the certified accuracy in percent at each radius, up to the first 0', () => {
    const points = certifiedAccuracyCurves(oneSeed, { maxRadius: 2 })
    const at = (label: string, radius: number) =>
      points.find(point => point.label === label && point.radius === radius)?.accuracy
    expect([0, 0.25, 0.255, 0.5, 0.505, 1, 1.005, 1.01].map(radius => at('strong', radius))).toEqual([
      75,
      75,
      50,
      50,
      25,
      25,
      0,
      undefined,
    ])
    expect([0, 0.25, 0.255].map(radius => at('weak', radius))).toEqual([50, 50, 0])
    expect(points.every(({ deviation }) => deviation === 0)).toBe(true)
  })

  it('has mean and sample standard deviation over seeds', () => {
    const [first] = certifiedAccuracyCurves(twoSeeds)
    expect(first).toEqual({
      label: 'both',
      radius: 0,
      accuracy: 62.5,
      deviation: expect.closeTo(25 / Math.SQRT2, 12),
    })
  })

  it('is of several configurations that of the best at each radius', () => {
    // Correct at 0 and up to 0.25: 1 of 2, and 2 of 2; beyond only the first has any.
    const [far, near] = [rowsOf([0, 0, 1], [0, 'abstain']), rowsOf([0, 0, 0.25], [0, 0, 0.25])]
    const points = certifiedAccuracyCurves([{ label: 'best', runs: [{ logs: [far] }, { logs: [near] }] }])
    const at = (radius: number) => points.find(point => point.radius === radius)?.accuracy
    expect([0, 0.25, 0.2525, 1].map(at)).toEqual([100, 100, 50, 50])
    expect(points.at(-1)?.radius).toBe(1)
  })

  it('ends at the largest radius of a correct row, rounded up to a quarter', () => {
    const never0 = [{ label: 'all', logs: [rowsOf([0, 0, 0.6], [1, 0, 9])] }]
    expect(certifiedAccuracyCurves(never0).at(-1)).toMatchObject({
      accuracy: 0,
      radius: expect.closeTo(0.6, 2),
    })
    expect(certifiedAccuracyCurves(never0, { maxRadius: 0.5 }).at(-1)).toMatchObject({
      accuracy: 50,
      radius: 0.5,
    })
  })

  it('refuses a shared label, and a last radius that is not above 0', () => {
    expect(() => certifiedAccuracyCurves([...oneSeed, ...oneSeed])).toThrow(/label "strong"/)
    expect(() => certifiedAccuracyCurves(oneSeed, { maxRadius: 0 })).toThrow(ConfigError)
  })
})

describe('certifiedAccuracyChart', () => {
  it('draws a line a method, with axes, units and legend, in inks for light and dark pages', async () => {
    const svg = await certifiedAccuracyChart(oneSeed, { width: 500, height: 300 })
    expect(svg).toMatch(/^<svg [^>]*width="500" height="300"/)
    expect(outlines(svg, 'line')).toHaveLength(2)
    expect(outlines(svg, 'area')).toHaveLength(0)
    for (const text of ['ℓ₂ radius (pixels in [0, 1])', 'certified accuracy (%)', 'strong', 'weak']) {
      expect(svg).toContain(`>${text}</text>`)
    }
    // Ticks at the radii of tables, not rounded.
    for (const tick of ['0.25', '0.75', '1']) expect(svg).toContain(`>${tick}</text>`)
    expect(svg).toContain('prefers-color-scheme: dark')
    expect(svg).toContain('fill="currentColor"')
    expect(new Set(svg.match(/stroke="#[0-9A-F]{6}"/gi)).size).toBe(2)
  })

  it('draws steps: only level and upright pieces', async () => {
    const [outline] = outlines(await certifiedAccuracyChart(oneSeed), 'line')
    const points = (outline as string)
      .slice(1)
      .split('L')
      .map(pair => pair.split(',').map(Number))
    expect(points.length).toBeGreaterThan(100)
    points.slice(1).forEach(([x, y], index) => {
      const [previousX, previousY] = points[index] as number[]
      expect(x === previousX || y === previousY).toBe(true)
    })
  })

  it('draws a band where there are several seeds', async () => {
    const svg = await certifiedAccuracyChart([...oneSeed, ...twoSeeds])
    expect(outlines(svg, 'line')).toHaveLength(3)
    expect(outlines(svg, 'area')).toHaveLength(1)
  })

  it('escapes labels', async () => {
    const svg = await certifiedAccuracyChart([{ label: '<script>x</script> & "y"', logs: [strong] }])
    expect(svg).not.toContain('<script')
    expect(svg).toContain('&lt;script&gt;x&lt;/script&gt; &amp; "y"</text>')
  })

  it('draws the same twice', async () => {
    expect(await certifiedAccuracyChart(twoSeeds)).toBe(await certifiedAccuracyChart(twoSeeds))
  })
})

it('a figure says what the bands are, where there are any', async () => {
  const { alt, caption, narrowSvg } = await certifiedAccuracyFigure(oneSeed)
  expect(alt).toBe('Certified accuracy against radius for strong; weak.')
  expect(caption).not.toMatch(/band/)
  expect(narrowSvg).toContain('width="340"')
  expect((await certifiedAccuracyFigure(twoSeeds)).caption).toMatch(/bands are one standard deviation/)
})
