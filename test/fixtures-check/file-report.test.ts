import { describe, expect, it } from 'vitest'
import { FileReport, type Tolerance, type Value } from '../../src/fixtures/file-report'

function missesOf(actual: Value, expected: unknown, tolerance: Tolerance = { relative: 0.5, absolute: 0.5 }) {
  const report = new FileReport('some.json')
  report.compare('field', actual, expected, tolerance)
  return report.misses
}

describe('FileReport.compare', () => {
  it.each<[Value, unknown]>([
    [1, 1],
    [1.9, 1],
    [0, -0],
    [Number.NaN, Number.NaN],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['a', 'a'],
    [null, null],
    [
      [[1], [true, 'x']],
      [[1], [true, 'x']],
    ],
  ])('takes %j for %j', (actual, expected) => {
    expect(missesOf(actual, expected)).toEqual([])
  })

  it.each<[Value, unknown]>([
    [2.1, 1],
    [Number.NaN, 1],
    [1, Number.NaN],
    [1, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NaN, Number.POSITIVE_INFINITY],
    [1, '1'],
    [1, true],
    [0, null],
    [0, undefined],
    ['a', 'b'],
    [[1, 2], [1]],
    [[], [1]],
    [[1], 1],
    [1, [1]],
  ])('does not take %j for %j', (actual, expected) => {
    expect(missesOf(actual, expected)).toHaveLength(1)
  })

  it('allows the relative and the absolute part together', () => {
    expect(missesOf(110.9, 100, { relative: 0.1, absolute: 1 })).toEqual([])
    expect(missesOf(111.1, 100, { relative: 0.1, absolute: 1 })).toHaveLength(1)
  })

  it('names the place and both numbers', () => {
    expect(missesOf([[0, 7]], [[0, 1]], {})).toEqual([
      { where: 'field[0][1]', what: 'expected 1, got 7; error 6, allowed 0' },
    ])
  })

  it('keeps the deviation that is worst for its allowance', () => {
    const report = new FileReport('some.json')
    report.compare('large', 1000.5, 1000, { absolute: 10 })
    report.compare('small', 1.5, 1, { absolute: 1 })
    report.compare('equal', 1, 1)
    expect(report.worst).toEqual({ where: 'small', error: 0.5, allowed: 1 })
    expect(report.values).toBe(3)
  })

  it('never takes an error of NaN for small', () => {
    const report = new FileReport('some.json')
    report.deviate({ where: 'network', error: Number.NaN, allowed: 1 })
    expect(report.passes).toBe(false)
  })
})
