import { describe, expect, it } from 'vitest'
import { accuracyTable, overSeeds } from '../../src/analysis/accuracy-table'
import { renderTable } from '../../src/analysis/tables'
import { ConfigError, DataError } from '../../src/errors'
import { rowsOf } from './rows'

const strong = rowsOf([0, 0, 1], [0, 0, 0.5], [1, 1, 0.25], [1, 0, 2])
const weak = rowsOf([0, 0, 0.25], [0, 'abstain'], [1, 1, 0.25], [1, 0, 2])

describe('accuracyTable', () => {
  it('gives every row its own ACR', () => {
    const table = accuracyTable(
      [
        { label: 'strong', logs: [strong] },
        { label: 'weak', logs: [weak] },
      ],
      [0, 0.25, 0.5],
    )
    expect(table.columns.map(({ header }) => header)).toEqual([
      'method',
      'r = 0',
      'r = 0.25',
      'r = 0.5',
      'ACR',
    ])
    expect(table.rows).toEqual([
      ['strong', 75, 75, 50, 0.4375],
      ['weak', 50, 50, 0, 0.125],
    ])
  })

  it('takes mean and deviation over seeds, and says so', () => {
    const table = accuracyTable([{ label: 'both', logs: [strong, weak] }], [0.5])
    expect(table.rows).toEqual([
      [
        'both',
        { mean: 25, deviation: expect.closeTo(50 / Math.SQRT2, 12) },
        { mean: 0.28125, deviation: expect.closeTo(0.3125 / Math.SQRT2, 14) },
      ],
    ])
    expect(renderTable(table, 'markdown')).toMatch(/over seeds/)
    expect(renderTable(table, 'markdown')).toContain('| both   | 25.0 ± 35.4 | 0.281 ± 0.221 |')
  })

  it('says how many images the logs hold when they differ', () => {
    const table = accuracyTable(
      [
        { label: 'whole', logs: [strong, weak] },
        { label: 'interrupted', logs: [weak.slice(0, 2), weak] },
      ],
      [],
    )
    expect(table.columns.map(({ header }) => header)).toEqual(['method', 'images', 'ACR'])
    expect(table.rows.map(row => row[1])).toEqual(['4', '2, 4'])
  })

  it('refuses a method without logs, and a log without rows', () => {
    expect(() => accuracyTable([{ label: 'none', logs: [] }], [0])).toThrow(ConfigError)
    expect(() => accuracyTable([{ label: 'none', logs: [[]] }], [0])).toThrow(DataError)
  })
})

describe('overSeeds', () => {
  it('has no deviation for one run', () => {
    expect(overSeeds([0.5])).toBe(0.5)
    expect(overSeeds([1, 2, 3])).toEqual({ mean: 2, deviation: 1 })
  })
})
