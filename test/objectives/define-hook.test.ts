import { expect, it } from 'vitest'
import { ConfigError, defineHook, type SelectionRule, selectImages } from '../../src'
import { sourceHash, traceOf } from '../../src/objectives/define-hook'

const scaled = (parameters: { readonly by: number; readonly of?: readonly string[] }) =>
  defineHook({
    name: 'scaled',
    parameters,
    make:
      ({ by }) =>
      (value: number) =>
        by * value,
  })

it('a hook does what make has made, under its name, and is known by name, parameters and source', () => {
  const hook = scaled({ by: 3, of: ['a'] })
  expect(hook(2)).toBe(6)
  expect(hook.name).toBe('scaled')
  expect(traceOf(hook)).toEqual({
    ...{ name: 'scaled', parameters: { by: 3, of: ['a'] } },
    sha256: traceOf(scaled({ by: 4 })).sha256,
  })
  expect(traceOf(hook).sha256).toMatch(/^[\da-f]{64}$/)
})

it('a hook of a function that others use too is known by its own parameters', () => {
  const shared = (value: number) => value
  const hooks = [1, 2].map(by => defineHook({ name: 'shared', parameters: { by }, make: () => shared }))
  expect(hooks.map(hook => traceOf(hook).parameters)).toEqual([{ by: 1 }, { by: 2 }])
  expect(traceOf(shared).parameters).toBeNull()
})

it('a hook keeps to the parameters that it was defined with', () => {
  const parameters = { by: 3 }
  const hook = scaled(parameters)
  parameters.by = 4
  expect({ value: hook(1), parameters: traceOf(hook).parameters }).toEqual({
    value: 3,
    parameters: { by: 3 },
  })
})

it('a hook that changes its parameters while it is made is known by what it was given', () => {
  const hook = defineHook({
    ...{ name: 'changed', parameters: { by: 3 } },
    make: own => {
      own.by += 1
      return () => own.by
    },
  })
  expect(traceOf(hook).parameters).toEqual({ by: 3 })
})

it('the type of a rule reaches the function that make returns', () => {
  const rule: SelectionRule = defineHook({
    ...{ name: 'all', parameters: {} },
    make:
      () =>
      ({ correct, crossEntropy }, { settings }) =>
        selectImages(correct, crossEntropy, settings),
  })
  expect(traceOf(rule)).toMatchObject({ name: 'all', parameters: {} })
})

it.each<[string, object, string]>([
  ['an empty name', { name: '' }, 'A hook has no name.'],
  ['a number that JSON has not', { parameters: { by: Number.NaN } }, 'A hook mine has parameters that JSON'],
  ['a function as a parameter', { parameters: { by: () => 1 } }, 'JSON cannot hold: by: '],
  ['a date as a parameter', { parameters: { by: new Date(0) } }, 'JSON cannot hold: by: '],
  ['no parameters', { parameters: undefined }, 'A hook mine has parameters that JSON cannot hold'],
  ['a make that makes nothing', { make: () => undefined }, 'A hook mine is made no function. Return it'],
])('%s is refused', (_, change, message) => {
  const definition = { name: 'mine', parameters: {}, make: () => () => 1, ...change }
  expect(() => defineHook(definition)).toThrow(ConfigError)
  expect(() => defineHook(definition)).toThrow(message)
})

it('a bare function is known by its source, which a bound one does not show', () => {
  const double = (value: number) => 2 * value
  const same = (value: number) => 2 * value
  const other = (value: number) => 3 * value
  expect(traceOf(double)).toEqual({ name: 'double', parameters: null, sha256: sourceHash([double]) })
  expect(sourceHash([same])).toBe(sourceHash([double]))
  expect(sourceHash([other])).not.toBe(sourceHash([double]))
  expect(traceOf(double.bind(null)).sha256).toBeNull()
  expect(sourceHash([double, Math.exp])).toBeNull()
})
