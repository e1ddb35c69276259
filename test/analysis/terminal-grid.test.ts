import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawGrid, type Grid } from '../../src/analysis/terminal-grid'

const numbers: Grid = {
  head: ['method', 'ACR', ...Array.from({ length: 8 }, (_, step) => `r = ${step / 4}`)],
  rows: ['off-the-shelf', 'cross-entropy (Eq. 6)', 'FT-CADIS'].map((name, row) => [
    name,
    `0.${row}12`,
    ...Array.from({ length: 8 }, (_, step) => (step < 5 + row ? `${80 - 9 * step}.${row}` : '0.0')),
  ]),
  isNumeric: [false, ...Array.from({ length: 9 }, () => true)],
}

describe('drawGrid', () => {
  it('breaks a word that is longer than its column, such as a path, and cuts none', () => {
    const name = (place: number) => `/photographs/of-last-year/in-the-garden/beetles/IMG_${place}.jpg`
    const grid: Grid = {
      head: ['image', 'class', 'verdict', 'radius', 'p-value', 'votes'],
      rows: [1, 2].map(place => [name(place), 'beetle', 'certified', '0.6158', '1.9e-301', '1000']),
      isNumeric: [false, false, false, true, true, true],
    }
    const drawn = drawGrid(grid, 60)
    expect(drawn).not.toContain('…')
    expect(Math.max(...drawn.split('\n').map(line => line.length))).toBeLessThanOrEqual(60)
    const column = drawn.split('\n').map(line => line.split('│')[1]?.trim() ?? '')
    expect(column.join('')).toContain(`${name(1)}${name(2)}`)
  })

  it('transposes a grid that is too wide, where that fits', () => {
    const lines = drawGrid(numbers, 80).split('\n')
    expect(lines.slice(1, 4)).toEqual([
      '│ method   │ off-the-shelf │ cross-entropy (Eq. 6) │ FT-CADIS │',
      '├──────────┼───────────────┼───────────────────────┼──────────┤',
      '│ ACR      │         0.012 │                 0.112 │    0.212 │',
    ])
  })

  it('cuts into parts that repeat the names of the rows what fits neither way', () => {
    const lines = drawGrid(numbers, 60).split('\n')
    expect(lines.filter(line => line.startsWith('┌'))).toHaveLength(3)
    expect(lines.filter(line => line.startsWith('│ FT-CADIS'))).toHaveLength(3)
  })

  it('fits every terminal from 40 columns on, and loses no text', () => {
    const text = fc.stringMatching(/^[a-z0-9]{1,9}( [a-z0-9]{1,9}){0,5}$/)
    const grids = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 6 }))
      .chain(([columns, rows]) =>
        fc.record({
          head: fc.array(text, { minLength: columns, maxLength: columns }),
          rows: fc.array(fc.array(text, { minLength: columns, maxLength: columns }), {
            minLength: rows,
            maxLength: rows,
          }),
          isNumeric: fc.constant(Array.from({ length: columns }, () => false)),
        }),
      )
    fc.assert(
      fc.property(grids, fc.integer({ min: 40, max: 120 }), (grid, width) => {
        const drawn = drawGrid(grid, width)
        expect(Math.max(...drawn.split('\n').map(line => line.length))).toBeLessThanOrEqual(width)
        const shown = new Set(drawn.split(/[^a-z0-9]+/))
        for (const word of [grid.head, ...grid.rows].flat().join(' ').split(' '))
          expect(shown).toContain(word)
      }),
      { numRuns: 300 },
    )
  })

  it('has no limit where nothing is a terminal', () => {
    expect(
      drawGrid({ ...numbers, rows: [['x'.repeat(300), ...(numbers.rows[0] ?? []).slice(1)]] }),
    ).toContain('x'.repeat(300))
  })
})
