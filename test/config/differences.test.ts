import { expect, it } from 'vitest'
import { fieldDifferences } from '../../src/config/differences'

it('names every field that differs, at every depth', () => {
  const before = { a: 1, b: { c: [1, 2], d: 'x' }, e: null }
  const after = { a: 1, b: { c: [1, 3], d: 'x', f: true }, e: {} }
  expect(fieldDifferences(before, after)).toEqual([
    { field: 'b.c', before: [1, 2], after: [1, 3] },
    { field: 'b.f', before: undefined, after: true },
    { field: 'e', before: null, after: {} },
  ])
})

it('takes a field that is undefined for one that is absent', () => {
  expect(fieldDifferences({ a: 1, b: undefined }, { a: 1 })).toEqual([])
})

it('compares by value, whatever the order of the fields', () => {
  expect(fieldDifferences({ a: 1, b: { c: [1], d: null } }, { b: { d: null, c: [1] }, a: 1 })).toEqual([])
  expect(fieldDifferences({ a: { b: 1 } }, { a: 1 })).toEqual([{ field: 'a', before: { b: 1 }, after: 1 }])
})
