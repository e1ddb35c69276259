import { expect, it } from 'vitest'
import { fieldAt, mergeSettings } from '../../src/config/merge-settings'

it('lays settings over others field by field, and lists as a whole', () => {
  const below = { a: { b: 1, c: { d: 2 } }, list: [1, 2], kept: 'kept' }
  const above = { a: { c: { d: 3, e: 4 } }, list: [5] }
  expect(mergeSettings(below, above)).toEqual({
    a: { b: 1, c: { d: 3, e: 4 } },
    list: [5],
    kept: 'kept',
  })
  expect(below).toEqual({ a: { b: 1, c: { d: 2 } }, list: [1, 2], kept: 'kept' })
})

it.each(['kind', 'source'])('replaces an object whose %s is another', field => {
  const below = { section: { [field]: 'a', own: 1 } }
  expect(mergeSettings(below, { section: { [field]: 'b' } })).toEqual({ section: { [field]: 'b' } })
  expect(mergeSettings(below, { section: { [field]: 'a', more: 2 } })).toEqual({
    section: { [field]: 'a', own: 1, more: 2 },
  })
})

it('makes settings of a path', () => {
  expect(fieldAt('method.attack.epsilon', 0.5)).toEqual({ method: { attack: { epsilon: 0.5 } } })
  expect(fieldAt('seed', 3)).toEqual({ seed: 3 })
})

it('takes no field from the prototype of an object', () => {
  expect(mergeSettings({}, { constructor: { name: 1 } })).toEqual({ constructor: { name: 1 } })
})
