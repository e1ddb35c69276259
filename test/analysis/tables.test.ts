import { describe, expect, it } from 'vitest'
import { formatCell, renderTable, renderTables, TABLE_FORMATS, type Table } from '../../src/analysis/tables'
import { ConfigError } from '../../src/errors'

const table: Table = {
  caption: 'ACR at σ = 0.5 & more',
  columns: [{ header: 'method' }, { header: 'ACR', digits: 3 }, { header: 'r ≥ 0.5', digits: 1 }],
  rows: [
    ['FT_CADIS|50%', 0.12345678901234566, { mean: 61.25, deviation: 0.5 }],
    ['a "quoted", name', 1, null],
  ],
}

describe('renderTable', () => {
  it('draws in the terminal, without colours', () => {
    expect(renderTable(table, 'terminal')).toBe(
      `ACR at σ = 0.5 & more
┌──────────────────┬───────┬────────────┐
│ method           │   ACR │    r ≥ 0.5 │
├──────────────────┼───────┼────────────┤
│ FT_CADIS|50%     │ 0.123 │ 61.3 ± 0.5 │
│ a "quoted", name │ 1.000 │          – │
└──────────────────┴───────┴────────────┘`,
    )
  })

  it('writes Markdown', () => {
    expect(renderTable(table, 'markdown')).toBe(
      `ACR at σ = 0.5 & more

| method           |   ACR |    r ≥ 0.5 |
| ---------------- | ----: | ---------: |
| FT\\_CADIS\\|50%   | 0.123 | 61.3 ± 0.5 |
| a "quoted", name | 1.000 |          – |`,
    )
  })

  it('writes LaTeX', () => {
    expect(renderTable(table, 'latex')).toBe(
      String.raw`\begin{table}
  \centering
  \caption{ACR at $\sigma$ = 0.5 \& more}
  \begin{tabular}{lrr}
    \toprule
    method & ACR & r $\ge$ 0.5 \\
    \midrule
    FT\_CADIS|50\% & 0.123 & 61.3 $\pm$ 0.5 \\
    a "quoted", name & 1.000 & -- \\
    \bottomrule
  \end{tabular}
\end{table}`,
    )
  })

  it('escapes every character that is a command in LaTeX', () => {
    const latex = renderTable({ ...table, caption: '\\input{a} $x$ #1 ~b^c_d 5%' }, 'latex')
    expect(latex).toContain(
      String.raw`\caption{\textbackslash{}input\{a\} \$x\$ \#1 \textasciitilde{}b\textasciicircum{}c\_d 5\%}`,
    )
  })

  it('writes CSV with every digit, and deviations in a column of their own', () => {
    expect(renderTable(table, 'csv')).toBe(
      `method,ACR,r ≥ 0.5,r ≥ 0.5 sd
FT_CADIS|50%,0.12345678901234566,61.25,0.5
"a ""quoted"", name",1,,`,
    )
  })

  it('writes JSON with every digit', () => {
    expect(JSON.parse(renderTable(table, 'json'))).toEqual({
      caption: table.caption,
      columns: ['method', 'ACR', 'r ≥ 0.5'],
      rows: table.rows,
    })
  })

  it.each(TABLE_FORMATS)('has a table without rows in %s', format => {
    expect(renderTable({ ...table, rows: [] }, format)).toContain('method')
  })

  it.each(TABLE_FORMATS)('refuses a row with a cell too few in %s', format => {
    const short: Table = { ...table, rows: [...table.rows, ['x', 1]] }
    expect(() => renderTable(short, format)).toThrow(ConfigError)
    expect(() => renderTable(short, format)).toThrow(/Row 2 .* must have 3 cells, got 2/)
  })
})

describe('renderTables', () => {
  it.each(['terminal', 'markdown', 'latex', 'csv'] as const)(
    'puts an empty line between tables in %s',
    format => {
      const text = renderTables({ tables: [table, table], notes: ['a note'] }, format)
      expect(text).toBe(`${renderTable(table, format)}\n\n${renderTable(table, format)}`)
    },
  )

  it('is one object with the notes in JSON, for one table too', () => {
    expect(JSON.parse(renderTables({ tables: [table], notes: ['a note'] }, 'json'))).toEqual({
      tables: [JSON.parse(renderTable(table, 'json'))],
      notes: ['a note'],
    })
  })

  it('refuses a table that is not rectangular in JSON too', () => {
    expect(() => renderTables({ tables: [{ ...table, rows: [['x']] }], notes: [] }, 'json')).toThrow(
      ConfigError,
    )
  })
})

it.each([
  [0.25, '+0.3'],
  [-0.25, '-0.3'],
  [0, '0.0'],
  [0.04, '0.0'],
  [-0.04, '0.0'],
  [{ mean: 2, deviation: 1 }, '+2.0 ± 1.0'],
  [null, '–'],
])('%o with its sign is %s', (cell, text) => {
  expect(formatCell(cell, { header: '', digits: 1, signed: true })).toBe(text)
})

it('prints no sign where a number rounds to zero', () => {
  expect(formatCell(-0.04, { header: '', digits: 1 })).toBe('0.0')
  expect(formatCell(-0.06, { header: '', digits: 1 })).toBe('-0.1')
})
