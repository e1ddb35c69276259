import { expect, it } from 'vitest'
import { paperComparison, parseEpsilon } from '../../src/analysis/paper-comparison'
import type { PaperTable } from '../../src/analysis/paper-tables'
import { groupLogs } from '../../src/analysis/runs'
import { ConfigError } from '../../src/errors'
import { labelled, logOf } from './logs'

const table: PaperTable = {
  name: 'table9_x',
  title: 'Table 9',
  norm: { kind: 'l2' },
  radii: [0.5, 1],
  rows: [
    { label: 'theirs', acr: 0.5, accuracies: [60, null] },
    { label: 'older', acr: null, accuracies: [null, null] },
  ],
}
const methods = groupLogs(labelled('mine', logOf('a', [1, 0.5, null, 0.5])))

it('sets rows at the radii of the paper and says where each comes from', () => {
  const [values] = paperComparison(methods, table)
  expect(values.caption).toMatch(/Table 9 \(table9_x\).*Jang et al\., TMLR 2024/)
  expect(values.columns.map(({ header }) => header)).toEqual(['method', 'source', 'r = 0.5', 'r = 1', 'ACR'])
  expect(values.rows).toEqual([
    ['mine', 'logs', 75, 25, 0.5],
    ['theirs', 'paper, Table 9', 60, null, 0.5],
    ['older', 'paper, Table 9', null, null, null],
  ])
})

it('has a difference only where both have a value', () => {
  const [, differences] = paperComparison(methods, table)
  expect(differences.rows).toEqual([
    ['mine', 'theirs', 15, null, 0],
    ['mine', 'older', null, null, null],
  ])
})

it('keeps the deviation over seeds', () => {
  const seeds = groupLogs(labelled('m', logOf('a', [0.5, 0.5]), logOf('b', [0.5, 0.1], { seed: 1 })))
  const [, differences] = paperComparison(seeds, table)
  expect(differences.rows[0]?.[2]).toEqual({ mean: 15, deviation: expect.closeTo(50 / Math.SQRT2, 10) })
})

it('has no ACR column where the paper has no ACR, and none for an envelope', () => {
  const plain = { ...table, rows: table.rows.slice(1) }
  expect(paperComparison(methods, plain)[0].columns.map(({ header }) => header)).not.toContain('ACR')
  const envelope = groupLogs(labelled('m', logOf('a', [1]), logOf('b', [0.6], { sigma: 1 })), {
    envelope: true,
  })
  expect(paperComparison(envelope, table)[0].rows[0]).toEqual(['m', 'logs', 100, 100, null])
})

it('compares ℓ∞ tables through the dimensions, and refuses them without', () => {
  const linf: PaperTable = { ...table, norm: { kind: 'linf', epsilon: '1/8' }, radii: [], rows: [] }
  expect(() => paperComparison(methods, linf)).toThrow(ConfigError)
  const [values] = paperComparison(methods, linf, { dimensions: 64 })
  expect(values.columns.at(-1)?.header).toBe('ε = 1/8')
  // An ℓ2 radius of 1 in 64 dimensions certifies 1/8.
  expect(values.rows).toEqual([['mine', 'logs', 25]])
})

it.each([
  ['2/255', 2 / 255],
  ['0.01', 0.01],
  [' 8 / 255 ', 8 / 255],
])('reads ε = %s', (text, value) => {
  expect(parseEpsilon(text)).toEqual({ text: text.trim(), value })
})

it.each(['', 'x', '-1', '1/0', '1.2.3', '2/255/3'])('refuses ε = %j', text => {
  expect(() => parseEpsilon(text)).toThrow(ConfigError)
})
