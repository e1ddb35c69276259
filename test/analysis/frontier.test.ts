import { describe, expect, it } from 'vitest'
import raw from '../../assets/frontier.json'
import { analyze } from '../../src/analysis/analyze'
import { frontierRows, frontierTable } from '../../src/analysis/frontier/frontier'
import { groupLogs } from '../../src/analysis/runs'
import { DataError } from '../../src/errors'
import { labelled, logOf } from './logs'

const logs = labelled('mine', logOf('a', [2, 1, null]))

describe('published rows', () => {
  it('stand beside the logs with source, date and how they were checked', () => {
    const table = analyze(logs, { frontier: 'imagenet' }).tables.at(-1)
    expect(table?.columns.map(({ header }) => header)).toEqual(['method', 'source', 'checked', 'r = 1.5'])
    expect(table?.rows).toEqual([
      ['mine', 'logs', null, expect.closeTo(100 / 3)],
      ['DiffSmooth, BEiT-L', expect.stringContaining('README'), 'read, 2026-11-27', 53],
    ])
  })

  it('are those that are named, and of no other data', () => {
    const rows = (words: readonly string[]) =>
      analyze(logs, { frontier: 'cifar10', rows: words })
        .tables.at(-1)
        ?.rows.map(([name]) => name)
    expect(rows(['dual'])).toEqual(['mine', 'Dual Randomized Smoothing, one classifier, N = 10,000'])
    expect(() => rows(['DiffSmooth'])).toThrow(/No row begins with "DiffSmooth", expected Dual Randomized/)
    const papers = analyze(logs, { paper: ['table1_cifar10'], rows: ['CAT-RS', 'FT-CADIS'] }).tables.slice(-2)
    expect(papers[0]?.rows.map(([name]) => name)).toEqual(['mine', 'CAT-RS (Jeong et al., 2023)', 'FT-CADIS'])
    expect(papers[1]?.rows).toHaveLength(2)
  })

  it('have each accuracy below its own radius', () => {
    const [row] = frontierRows()
    const rows = [
      { ...row, method: 'a', radii: [0.5, 1], accuracies: [50, 20] },
      { ...row, method: 'b', radii: [0, 1], accuracies: [90, 30] },
    ] as Parameters<typeof frontierTable>[1]
    const { columns, rows: shown } = frontierTable(groupLogs(logs), rows)
    expect(columns.slice(3).map(({ header }) => header)).toEqual(['r = 0', 'r = 0.5', 'r = 1'])
    expect(shown.slice(1).map(cells => cells.slice(3))).toEqual([
      [null, 50, 20],
      [90, null, 30],
    ])
  })

  it.each([
    ['without a source', { source: '' }],
    ['checked in no known way', { checked: 'believed' }],
    ['of another number of radii', { radii: [1, 2] }],
    ['of no day', { date: 'lately' }],
  ])('%s are refused', (_, change) => {
    const [row] = raw.rows
    expect(() => frontierRows(JSON.stringify({ rows: [{ ...row, ...change }] }))).toThrow(DataError)
  })
})
