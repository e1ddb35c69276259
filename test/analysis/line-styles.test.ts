import { describe, expect, it } from 'vitest'
import { legendLayout } from '../../src/analysis/chart/legend'
import { lineStyles } from '../../src/analysis/chart/line-styles'
import { certifiedAccuracyChart } from '../../src/analysis/plots'
import { rowsOf } from './rows'

describe('lines', () => {
  const labels = ['a', 'b'].flatMap(method => [0.25, 0.5, 1].map(sigma => `${method}, σ = ${sigma}`))

  it('have the colour of their method and the dash of their noise level', () => {
    const styles = lineStyles(labels)
    expect(new Set(styles.slice(0, 3).map(({ color }) => color)).size).toBe(1)
    expect(styles[0]?.color).not.toBe(styles[3]?.color)
    expect(styles.slice(0, 3).map(({ dash }) => dash)).toEqual(styles.slice(3).map(({ dash }) => dash))
    expect(new Set(styles.map(({ dash }) => dash.join())).size).toBe(3)
    // A list in another order has the same dashes.
    expect(lineStyles(['a, σ = 1', 'a, σ = 0.25']).map(({ dash }) => dash.length)).toEqual([2, 0])
  })

  it('are drawn so in charts', async () => {
    const logs = [rowsOf([0, 0, 1], [0, 0, 0.5])]
    const svg = await certifiedAccuracyChart(labels.slice(0, 4).map(label => ({ label, logs })))
    const lines = [...svg.matchAll(/<path aria-label[^>]*aria-roledescription="line mark"[^>]*>/g)].map(
      String,
    )
    const drawn = lines.map(line => ({
      color: /stroke="(#\w+)"/.exec(line)?.[1],
      dash: (/stroke-dasharray="([^"]*)"/.exec(line)?.[1] ?? '').split(',').filter(Boolean).map(Number),
    }))
    expect(drawn).toEqual(lineStyles(labels.slice(0, 4)))
  })

  it('are all told apart, also of more methods than colours', () => {
    const many = Array.from({ length: 13 }, (_, method) => `m${method}`)
    const pairs = (all: readonly string[]) =>
      new Set(lineStyles(all).map(style => JSON.stringify(style))).size
    expect(pairs(many)).toBe(13)
    const levels = many.flatMap(method => [0.25, 0.5, 1].map(sigma => `${method}, σ = ${sigma} (partial)`))
    expect(pairs(levels)).toBe(39)
  })

  it('of a method are the same in every chart of a page, and of a known method on every page', () => {
    const all = ['off-the-shelf', 'mine', 'FT-CADIS', 'yours']
    const styles = lineStyles(all)
    expect(lineStyles(['yours', 'mine'], all)).toEqual([styles[3], styles[1]])
    expect(lineStyles(['FT-CADIS, σ = 0.5'])).toEqual([styles[2]])
    expect(new Set(styles.map(({ color }) => color)).size).toBe(4)
    // Of one method twice, for instance a part of it.
    expect(new Set(lineStyles(['a, σ = 1', 'a, σ = 1 (partial)']).map(({ dash }) => dash.join())).size).toBe(
      2,
    )
    expect(lineStyles(['λ = 4'], ['λ = 1', 'λ = 2', 'λ = 4'])).toEqual([
      lineStyles(['λ = 1', 'λ = 2', 'λ = 4'])[2],
    ])
  })

  it('of one setting take colours in the order of its values', () => {
    const colors = (all: readonly string[]) => lineStyles(all).map(({ color }) => color)
    const [low, middle, high] = colors(['λ = 1', 'λ = 2', 'λ = 4'])
    expect(colors(['λ = 4', 'λ = 1', 'λ = 2'])).toEqual([high, low, middle])
    const lightness = (color = '') =>
      [1, 3, 5].reduce((sum, at) => sum + Number.parseInt(color.slice(at, at + 2), 16), 0)
    expect(lightness(low)).toBeLessThan(lightness(high))
    expect(low).not.toBe(colors(['a', 'b'])[0])
  })
})

describe('a legend', () => {
  it.each([200, 312, 640])('has every label whole in a chart %i wide', async width => {
    const end = 'consistency with a long name, trained for 150 epochs, σ = '
    const labels = ['0.25', '0.5'].map(sigma => `cifar10-${end}${sigma}`)
    const { columns, fontSize, height } = legendLayout(labels, width)
    // Beside the axis.
    const room = (width - 56) * (fontSize > 6 ? 1.01 : 3)
    expect(columns * (52 + 0.6 * fontSize * (labels[0]?.length ?? 0))).toBeLessThan(room)
    expect(height).toBe((20 * labels.length) / columns)
    const logs = [rowsOf([0, 0, 1], [0, 0, 0.5])]
    const svg = await certifiedAccuracyChart(
      labels.map(label => ({ label, logs })),
      { width, height: 300 },
    )
    for (const label of labels) expect(svg).toContain(`>${label}</text>`)
  })

  it('is as narrow as what the axis leaves of a page on a phone', async () => {
    const labels = ['smooth-adv-0.5', 'consistency-0.5']
    expect(legendLayout(labels, 340).columns).toBe(1)
    expect(legendLayout(labels, 400).columns).toBe(2)
  })

  it('has as many columns as short labels leave room for', () => {
    expect(legendLayout(['a', 'b', 'c'], 640)).toEqual({ columns: 3, fontSize: 13, height: 20 })
  })
})
