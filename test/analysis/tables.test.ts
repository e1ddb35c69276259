import { describe, expect, it } from 'vitest'
import { latexText } from '../../src/analysis/table/latex-text'
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
      String.raw`% \usepackage{booktabs}
\begin{table}
  \centering
  \caption{ACR at $\sigma = 0.5$ \& more}
  \label{tab:certified}
  \begin{tabular}{lrr}
    \toprule
    method & ACR & $r \ge 0.5$ \\
    \midrule
    FT\_CADIS\textbar{}50\% & 0.123 & 61.3 $\pm$ 0.5 \\
    a "quoted", name & 1.000 & -- \\
    \bottomrule
  \end{tabular}
\end{table}`,
    )
  })

  it('writes LaTeX with a caption and your own label, and what is best in bold', () => {
    const best: Table = {
      caption: 'c',
      columns: [{ header: 'm' }, { header: 'r = 1', digits: 1, best: 'largest' }, { header: 'd', digits: 1 }],
      rows: [
        ['a', { value: 80.31, clean: 88.7 }, -4.9],
        ['b', { value: 80.28, clean: null }, 1],
        ['c', { mean: 70, deviation: 1 }, null],
      ],
    }
    const lines = renderTables({ tables: [best, best], notes: [] }, 'latex', {
      caption: 'Mine, at $r$.',
      label: 'tab:mine',
    }).split('\n')
    const at = (word: string) => lines.filter(line => line.includes(word)).map(line => line.trim())
    expect(at('\\caption')).toEqual(['\\caption{Mine, at $r$.}', '\\caption{c}'])
    expect(at('\\label')).toEqual(['\\label{tab:mine}', '\\label{tab:mine-2}'])
    // What is printed alike is best together.
    expect(lines.slice(9, 12).map(line => line.trim())).toEqual([
      'a & \\textbf{80.3} (88.7) & $-4.9$ \\\\',
      'b & \\textbf{80.3} & 1.0 \\\\',
      'c & 70.0 $\\pm$ 1.0 & -- \\\\',
    ])
  })

  it('escapes notes in LaTeX, and prints nothing bold where there is nothing to compare', () => {
    const alone: Table = {
      caption: 'c',
      columns: [
        { header: 'm' },
        ...['r = 1', 'r = 2', 'r = 3'].map(header => ({ header, digits: 1, best: 'largest' as const })),
      ],
      // One value, values that look alike, none.
      rows: [
        ['a', 50, 0, null],
        ['b', null, 0.04, null],
      ],
      notes: ['5 % & more'],
    }
    const text = renderTable(alone, 'latex')
    expect(text).toContain('5 \\% \\& more')
    expect(text).not.toContain('textbf')
  })

  it.each([
    [
      'an ℓ2 radius r certifies ε = r / √3072',
      'an $\\ell_2$ radius $r$ certifies $\\varepsilon = r / \\sqrt{3072}$',
    ],
    ['at ℓ∞ radius ε = 2/255', 'at $\\ell_\\infty$ radius $\\varepsilon = 2/255$'],
    ['with probability 1 − ρ', 'with probability $1 - \\rho$'],
    ['|D_nh| = M (%)', '$|D_{nh}| = M$ (\\%)'],
    ['n0 = 100, n = 1,000, α = 0.001', '$n_0 = 100$, $n = 1{,}000$, $\\alpha = 0.001$'],
    ['+3.0 (-1.2 to +7.4)', '$+3.0$ ($-1.2$ to $+7.4$)'],
    ['CIFAR-10, 3-fold, a < b | c', 'CIFAR-10, 3-fold, a \\textless{} b \\textbar{} c'],
  ])('sets %j in LaTeX', (text, latex) => {
    expect(latexText(text)).toBe(latex)
  })

  it('escapes every character that is a command in LaTeX', () => {
    const latex = renderTable({ ...table, caption: '\\input{a} $x$ #1 ~b^c_d 5%' }, 'latex')
    expect(latex).toContain(
      String.raw`\caption{\textbackslash{}input\{a\} \$x\$ \#1 \textasciitilde{}b\textasciicircum{}c\_d 5\%}`,
    )
  })

  it('writes CSV without what rounding leaves behind, and deviations and clean accuracies in their own columns', () => {
    expect(renderTable(table, 'csv')).toBe(
      `method,ACR,r ≥ 0.5,r ≥ 0.5 sd
FT_CADIS|50%,0.123456789012,61.25,0.5
"a ""quoted"", name",1,,`,
    )
    const withClean: Table = {
      caption: '',
      columns: [{ header: 'm' }, { header: 'r = 1', digits: 1 }],
      rows: [
        ['a', { value: 100 * 0.4821, clean: 88.7 }],
        ['b', { value: 1, clean: null }],
      ],
    }
    expect(renderTable(withClean, 'csv')).toBe('m,r = 1,r = 1 clean\na,48.21,88.7\nb,1,')
    expect(renderTable(withClean, 'terminal')).toContain('│ 48.2 (88.7) │')
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
