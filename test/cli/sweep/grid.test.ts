import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collectValues, gridOf } from '../../../src/cli/sweep/grid'
import { ConfigError } from '../../../src/errors'

/** The grid of what is typed. */
const grid = (...sets: string[]) =>
  gridOf(sets.reduce<ReturnType<typeof collectValues>>((before, set) => collectValues(set, before), []))

describe('the grid of a sweep', () => {
  it('has every combination, with names that say what is set and values as of train --set', () => {
    const points = grid('method.lambda=1, 2.5', 'seed=7', 'data.path=a b,c/d')
    expect(points.map(({ name }) => name)).toEqual([
      'lambda-1-path-a_b',
      'lambda-1-path-c_d',
      'lambda-2.5-path-a_b',
      'lambda-2.5-path-c_d',
    ])
    expect(points[2]).toEqual({
      name: 'lambda-2.5-path-a_b',
      settings: { 'method.lambda': '2.5', 'data.path': 'a b' },
      set: [
        { path: 'method.lambda', value: 2.5 },
        { path: 'seed', value: 7 },
        { path: 'data.path', value: 'a b' },
      ],
    })
  })

  it('splits at commas that are no part of a value', () => {
    const points = grid('optimisation.betas=[0.9,0.99],[0.5,0.9]', 'tuning={"kind":"full","a":[1,2]}')
    expect(points.map(({ set }) => set.map(({ value }) => value))).toEqual([
      [[0.9, 0.99], { kind: 'full', a: [1, 2] }],
      [[0.5, 0.9], { kind: 'full', a: [1, 2] }],
    ])
    expect(grid('data.path="a,b",c').map(({ set }) => set[0]?.value)).toEqual(['a,b', 'c'])
  })

  it('has whole paths in names where two end alike', () => {
    expect(grid('method.attack.steps=1,2', 'other.steps=3,4')[0]?.name).toBe(
      'method.attack.steps-1-other.steps-3',
    )
  })

  it('is as large as the product of its values, each run once', () => {
    const values = fc.uniqueArray(fc.nat(99), { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(values, values, (a, b) => {
        const points = grid(`a=${a}`, `b=${b}`)
        expect(points).toHaveLength(a.length * b.length)
        expect(new Set(points.map(({ name }) => name)).size).toBe(points.length)
      }),
    )
  })

  it.each([
    ['one value for each field', ['seed=1'], 'A sweep takes a field with several values, and none has.'],
    ['no field', [], 'none has'],
    ['a field that is set twice', ['seed=1,2', 'seed=3,4'], '--set seed=1,2,4'],
    ['the output', ['seed=1,2', 'output=runs'], 'Each run of a sweep has its own output'],
    ['names that cannot be told apart', ['data.path=a/b,a b'], 'would both be called path-a_b'],
  ])('refuses %s', (_what, sets, message) => {
    expect(() => grid(...sets)).toThrow(ConfigError)
    expect(() => grid(...sets)).toThrow(message)
  })

  it.each([
    ['a value that is missing', 'seed=1,,2', 'Expected values with commas between'],
    ['a value twice', 'seed=1,2,1', 'got 1 twice'],
    ['no path', '=1,2', 'Expected a path and a value'],
    ['half of a list', 'a=[1,2', 'Expected JSON'],
  ])('refuses %s as it is typed', (_what, set, message) => {
    expect(() => collectValues(set)).toThrow(message)
  })
})
