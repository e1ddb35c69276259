import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors'
import {
  requireClasses,
  requireOneOrder,
  requireOrderOf,
  requireSameClasses,
} from '../../src/smoothing/check-classes'
import type { DatasetDescription } from '../../src/torch'

type Order = DatasetDescription['classOrder']
const data = (classes: string[], classOrder: Order = 'unstated', logits: number[] | null = null) => ({
  classes,
  classOrder,
  logits,
})
const ofData = (...names: string[]) => ({ names, areOfData: true })
const ofLibrary = (...names: string[]) => ({ names, areOfData: false })

describe('requireSameClasses', () => {
  it.each([
    ['the same names', ofData('dark', 'light'), data(['dark', 'light'])],
    ['weights without names', null, data(['dark', 'light'])],
    ['other words in a list', ofData('dark', 'light'), data(['night', 'day'], 'listed')],
    [
      'published data under other words of a library',
      ofLibrary('tench', 'shark'),
      data(['n1', 'n2'], 'published'),
    ],
    ['numbers in the order of the weights', ofData('1', '10', '2'), data(['1', '10', '2'])],
    ['numbers in an order that was asked for', undefined, data(['1', '10', '2'], 'sorted')],
    ['some classes under their logits', ofData('a', 'b', 'c'), data(['a', 'c'], 'listed', [0, 2])],
    ['two classes of one name', ofLibrary('crane', 'crane'), data(['crane', 'crane'])],
  ])('takes %s', (_, weights, classes) => {
    expect(() => requireSameClasses(weights, classes)).not.toThrow()
  })

  it.each([
    [
      'other names',
      ofData('dark', 'light'),
      data(['bright', 'night']),
      /logit 0 is "dark" in the weights, "bright" in the data.*Give the data/,
    ],
    [
      'another order',
      ofData('dark', 'light'),
      data(['light', 'dark']),
      /logit 0 is "dark".*in the order of the weights/,
    ],
    [
      'another order in a list',
      ofData('dark', 'light'),
      data(['light', 'dark'], 'listed'),
      /logit 1 is "light"/,
    ],
    ['other names in an order of numbers', ofData('dark', 'light'), data(['1', '2'], 'sorted'), /"dark"/],
    [
      'names of a library in another order',
      ofLibrary('dark', 'light'),
      data(['light', 'dark'], 'published'),
      /"dark"/,
    ],
    [
      'published data of which the weights had others',
      ofData('n1', 'n2'),
      data(['n3', 'n4'], 'published'),
      /"n1"/,
    ],
    [
      'a class under the logit of another',
      ofData('a', 'b', 'c'),
      data(['c'], 'listed', [1]),
      /logit 1 is "b" in the weights, "c"/,
    ],
    [
      'numbers in one order or the other',
      null,
      data(['1', '10', '2']),
      /\(1, 10, 2\).*\(1, 2, 10\).*'numeric', 'text'/,
    ],
  ])('refuses %s', (_, weights, classes, reason) => {
    expect(() => requireSameClasses(weights, classes)).toThrow(ConfigError)
    expect(() => requireSameClasses(weights, classes)).toThrow(reason)
  })

  it('shows three differences and counts the others', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const others = data(names.map(name => `${name}${name}`))
    expect(() => requireSameClasses(ofData(...names), others)).toThrow(/logit 2 is "c".*; 2 more differ/)
  })
})

it('a head has the classes of the data, or those of them that are to be certified', () => {
  expect(() => requireClasses(2, data(['a', 'b']))).not.toThrow()
  expect(() => requireClasses(3, data(['a', 'b']))).toThrow(/2 classes.* has 3/)
  expect(() => requireClasses(10, data(['a', 'b'], 'listed', [3, 9]))).not.toThrow()
  expect(() => requireClasses(9, data(['a', 'b'], 'listed', [3, 9]))).toThrow(
    /"b" the logit 9.* has 9 classes/,
  )
})

it.each([
  [['0', '1', '2', '9'], true],
  [['01', '02', '10'], true],
  [['1', '10', 'b'], true],
  [['1', '2', '10'], false],
  [['9', '10'], false],
])('folders %j have one order: %s', (folders, isOne) => {
  const check = expect(() => requireOneOrder(folders))
  if (isOne) check.not.toThrow()
  else check.toThrow(ConfigError)
})

describe('requireOrderOf', () => {
  const words = ['oak', 'birch', 'fir']
  const numbers = ['1', '2', '10']

  it.each<[string, readonly string[], Parameters<typeof requireOrderOf>[1]]>([
    ['no order', words, undefined],
    ['the names in their order', words, ['oak', 'birch', 'fir']],
    ['the order as numbers', numbers, 'numeric'],
    ['the order as text', ['birch', 'fir', 'oak'], 'text'],
    ['some names at their logits', words, { fir: 2 }],
  ])('takes %s', (_, known, asked) => {
    expect(() => requireOrderOf(known, asked)).not.toThrow()
  })

  it.each<[string, readonly string[], Parameters<typeof requireOrderOf>[1], RegExp]>([
    [
      'the names in another order',
      words,
      ['birch', 'oak', 'fir'],
      /oak, birch, fir, in.*lists birch, oak, fir/,
    ],
    ['fewer names', words, ['oak', 'birch'], /lists oak, birch/],
    ['an order as text of classes in another', words, 'text', /is text/],
    ['an order as numbers of classes that are none', words, 'numeric', /is numeric/],
    ['an order as text of numbers', numbers, 'text', /1, 2, 10, in.*is text/],
    ['a name at another logit', words, { oak: 1 }, /lists oak/],
  ])('refuses %s', (_, known, asked, message) => {
    expect(() => requireOrderOf(known, asked)).toThrow(message)
    expect(() => requireOrderOf(known, asked)).toThrow(ConfigError)
  })
})
