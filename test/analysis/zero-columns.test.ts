import { describe, expect, it } from 'vitest'
import { htmlTable } from '../../src/analysis/page/html-table'
import { withoutZeroColumns } from '../../src/analysis/table/zero-columns'
import { renderTable, type Table } from '../../src/analysis/tables'

const radius = (r: number) => ({ header: `r = ${r}`, digits: 1 })

const table: Table = {
  caption: 'Certified accuracy',
  columns: [
    { header: 'method' },
    ...[0, 1, 2, 3].map(radius),
    { header: 'ACR', digits: 3 },
    { header: 's', digits: 0 },
  ],
  rows: [
    ['a', 50, 0, 0.04, 0, 0.25, 0],
    ['b', 0, 0, 0, 0, 0, 0],
  ],
  notes: ['One seed.'],
}

const seeds: Table = {
  caption: 'Three seeds',
  columns: [{ header: 'method' }, ...[0, 1, 2].map(radius), { header: 'clean', digits: 1 }],
  rows: [
    ['a', ...[50, 0, 0].map(mean => ({ mean, deviation: 0.01 })), { value: 0, clean: 50 }],
    ['b', ...[40, 0, 0].map(mean => ({ mean, deviation: 0 })), { value: 0, clean: 0 }],
  ],
}

describe('columns that print zeros in every row', () => {
  const { columns, rows, notes } = withoutZeroColumns(table)

  it('are left out, all but the first of adjacent ones, and the first note names them', () => {
    expect(columns.map(({ header }) => header)).toEqual(['method', 'r = 0', 'r = 1', 'ACR', 's'])
    expect(rows).toEqual([
      ['a', 50, 0, 0.25, 0],
      ['b', 0, 0, 0, 0],
    ])
    expect(notes).toEqual(['0 in every row: r = 2, r = 3.', 'One seed.'])
  })

  it('are those of several seeds too, where all are zero', () => {
    expect(withoutZeroColumns(seeds).columns.map(({ header }) => header)).toEqual([
      ...['method', 'r = 0', 'r = 1', 'clean'],
    ])
  })

  it('stay where no two are adjacent, and where there is no row', () => {
    const other: Table = { ...table, columns: table.columns.slice(0, 3), rows: [['a', 50, 0]] }
    expect(withoutZeroColumns(other)).toBe(other)
    expect(withoutZeroColumns({ ...table, rows: [] }).columns).toEqual(table.columns)
  })

  it('are in neither a terminal nor a page, and in every format for programs', () => {
    for (const shown of [
      renderTable(table, 'terminal'),
      htmlTable(table)
        .replace(/<[^>]+>/g, ' ')
        .replace(/ +/g, ' ')
        .replace(/ ([,.])/g, '$1'),
    ]) {
      expect(shown).toContain('r = 1')
      expect(shown).toContain('0 in every row: r = 2, r = 3.')
      expect(shown.replace('0 in every row: r = 2, r = 3.', '')).not.toContain('r = 2')
    }
    for (const format of ['markdown', 'latex', 'csv', 'json'] as const) {
      expect(renderTable(table, format)).toContain('r = 3')
    }
  })
})
