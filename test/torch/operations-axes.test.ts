import { inspect } from 'node:util'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Plain, Session } from '../../src/bridge'
import { ShapeError } from '../../src/errors'
import * as torch from '../../src/torch'

/** Stands for a session: axes are checked before anything is recorded, so that no Python is needed. */
const recorded: string[] = []
const record: Session['record'] = (operation, _takes, { make }) => {
  recorded.push(operation)
  return make(session, recorded.length)
}
const session = { record } as Session

const float64 = <const A extends string>(data: Plain, axes: A) =>
  torch.tensor(session, data, { axes, dtype: 'float64' })

/** An axis that the compiler does not know: it refuses a wrong one itself. */
const unknown = (axis: string) => axis as never

describe('wrong axes are refused while recording, and nothing is recorded', () => {
  const x_MBK = float64([[[1, 2, 3]]], 'MBK')
  const y_KB = float64([[1, 2], [3, 4], [5, 6]], 'KB') // biome-ignore format: a matrix
  const positive_KB = torch.gt(y_KB, 0)
  const index_M = torch.tensor(session, [0], { axes: 'M', dtype: 'int64' })

  test.each<[string, () => unknown, RegExp]>([
    ['tensor, too flat', () => torch.tensor(session, [1], { axes: 'MB' }), /for each axis of 'MB', got 1 level/],
    ['tensor, too deep', () => torch.tensor(session, [[1]], { axes: 'B' }), /for each axis of 'B', got 2 levels/],
    ['add, another order', () => torch.add(x_MBK, y_KB), /'KB' are not among the first one's, 'MBK', in the same/],
    ['mul, more axes', () => torch.mul(y_KB, x_MBK), /'MBK' are not among the first one's, 'KB'/],
    ['where', () => torch.where(positive_KB, x_MBK, 0), /^where: .*'KB' are not among/],
    ['sum', () => torch.sum(x_MBK, unknown('C')), /^sum: expected an axis of a tensor with axes 'MBK', got 'C'/],
    ['softmax', () => torch.softmax(x_MBK, unknown('MB')), /^softmax: expected an axis .* got 'MB'/],
    ['select', () => torch.select(x_MBK, unknown('N'), 0), /^select: .* got 'N'/],
    ['slice', () => torch.slice(x_MBK, unknown('N'), { start: 0, end: 1 }), /^slice: .* got 'N'/],
    ['normOfEach', () => torch.normOfEach(x_MBK, 'B'), /expected the first axes of 'MBK', got 'B'/],
    ['pick', () => torch.pick(x_MBK, 'K', y_KB), /^pick: .*'KB' are not among the first one's, 'MB'/],
    ['indexSelect', () => torch.indexSelect(x_MBK, 'B', index_M), /got 'M', which makes 'MMK'/],
    ['indexSelect, two axes', () => torch.indexSelect(x_MBK, 'B', y_KB), /^indexSelect: .* with 1 axis, got .* 'KB'/],
    ['flatten', () => torch.flatten(x_MBK, 'MK', 'N'), /expected neighbouring axes of 'MBK', got 'MK'/],
    ['flatten, nothing', () => torch.flatten(x_MBK, '', 'N'), /expected neighbouring axes/],
    ['unflatten', () => torch.unflatten(x_MBK, 'B', { as: 'N', count: 2 }), /expected 2 new axes, got 'N'/],
    ['expand', () => torch.expand(x_MBK, { axis: 'M', count: 2 }), /got 'M', which makes 'MMBK'/],
    ['linear', () => torch.linear(x_MBK, 'B', { weights: y_KB, bias: y_KB, as: 'D' }), /the last axis of 'MBK'/],
    ['lookUp', () => torch.lookUp(y_KB, y_KB), /^lookUp: expected a tensor with 1 axis, got one with axes 'KB'/],
    ['bincount', () => torch.bincount(y_KB, { classes: 2 }), /^bincount: expected a tensor with 1 axis/],
  ])('%s', (_what, attempt, message) => {
    const before = recorded.length
    expect(attempt).toThrow(ShapeError)
    expect(attempt).toThrow(message)
    expect(recorded.length).toBe(before)
  }) // biome-ignore format: a table
})

describe('types of results', () => {
  const x_MBK = float64([[[1]]], 'MBK')
  const index_B = torch.tensor(session, [0], { axes: 'B', dtype: 'int64' })
  const bool_B = torch.tensor(session, [true], { axes: 'B', dtype: 'bool' })

  test('a letter that is not an axis', () => {
    const wrong = () => [
      // @ts-expect-error
      torch.softmax(x_MBK, 'C'),
      // @ts-expect-error
      torch.sum(x_MBK, 'C'),
      // @ts-expect-error
      torch.slice(x_MBK, 'C', { start: 0, end: 1 }),
      // @ts-expect-error
      torch.pick(x_MBK, 'C', index_B),
      // @ts-expect-error
      torch.select(x_MBK, 'C', 0),
    ]
    expect(wrong).toThrow(ShapeError)
    expectTypeOf<torch.Letter<'MBK'>>().toEqualTypeOf<'M' | 'B' | 'K'>()
    expect(() => torch.axisOf(x_MBK, 'C')).toThrow(
      /axisOf: expected an axis of a tensor with axes 'MBK', got 'C'/,
    )
  })

  test('axes', () => {
    expectTypeOf(torch.sum(x_MBK, 'K')).toEqualTypeOf<torch.Tensor<'MB'>>()
    expectTypeOf(torch.sum(x_MBK)).toEqualTypeOf<torch.Tensor<''>>()
    expectTypeOf(torch.add(x_MBK, index_B)).toEqualTypeOf<torch.Tensor<'MBK'>>()
    expectTypeOf(torch.softmax(x_MBK, 'K')).toEqualTypeOf<torch.Tensor<'MBK'>>()
    expectTypeOf(torch.normOfEach(x_MBK, 'MB')).toEqualTypeOf<torch.Tensor<'MB'>>()
    expectTypeOf(torch.pick(x_MBK, 'K', index_B)).toEqualTypeOf<torch.Tensor<'MB'>>()
    expectTypeOf(torch.select(x_MBK, 'M', 0)).toEqualTypeOf<torch.Tensor<'BK'>>()
    expectTypeOf(torch.flatten(x_MBK, 'MB', 'N')).toEqualTypeOf<torch.Tensor<'NK'>>()
    expectTypeOf(torch.unflatten(index_B, 'B', { as: 'MA', count: 1 })).toEqualTypeOf<torch.Tensor<'MA'>>()
    expectTypeOf(torch.expand(index_B, { axis: 'M', count: 2 })).toEqualTypeOf<torch.Tensor<'MB'>>()
    const index_A = torch.tensor(session, [0], { axes: 'A', dtype: 'int64' })
    const chosen = torch.indexSelect(x_MBK, 'B', index_A)
    expectTypeOf(chosen).toEqualTypeOf<torch.Tensor<'MAK'>>()
    expect(chosen.axes).toBe('MAK')
    const nested = torch.expand(torch.expand(float64(0, ''), { axis: 'B', count: 2 }), {
      axis: 'M',
      count: 2,
    })
    expectTypeOf(nested).toEqualTypeOf<torch.Tensor<'MB'>>()
    expectTypeOf(torch.exp(torch.tensor(session, 0, { axes: '' }))).toEqualTypeOf<torch.Tensor<''>>()
  })

  test('booleans', () => {
    const someDtype = (dtype: torch.Dtype) => torch.tensor(session, [1], { axes: 'B', dtype })
    expectTypeOf(bool_B).toEqualTypeOf<torch.Tensor<'B', boolean>>()
    expectTypeOf(torch.to(index_B, 'bool')).toEqualTypeOf<torch.Tensor<'B', boolean>>()
    expectTypeOf(torch.to(bool_B, 'float32')).toEqualTypeOf<torch.Tensor<'B'>>()
    expectTypeOf(torch.gt(index_B, 0)).toEqualTypeOf<torch.Tensor<'B', boolean>>()
    expectTypeOf(someDtype).returns.toEqualTypeOf<torch.Tensor<'B'>>()
  })

  test('what does not fit together does not compile', () => {
    const refused = () => {
      // @ts-expect-error: a tensor of numbers is not a loss
      torch.backward(x_MBK)
      // @ts-expect-error: booleans are not added
      torch.add(bool_B, 1)
      // @ts-expect-error: the result has the axes MB
      const wrong: torch.Tensor<'MK'> = torch.sum(x_MBK, 'K')
      return wrong
    }
    expectTypeOf(refused).toBeFunction()
  })
})

test.each<[string, torch.AnyTensor]>([
  ['Tensor MBK [1, 1, 3] float64', float64([[[1, 2, 3]]], 'MBK')],
  ['Tensor MB [1, 1] float64', torch.sum(float64([[[1, 2, 3]]], 'MBK'), 'K')],
  ['Tensor [] float64', torch.sum(float64([1, 2], 'B'))],
  ['Tensor MB [1, 1] int64', torch.argmax(float64([[[1, 2, 3]]], 'MBK'), 'K')],
  ['Tensor B [2] bool', torch.gt(torch.exp(float64([1, 2], 'B')), 0)],
  ['Tensor B [2] int64', torch.to(float64([1, 2], 'B'), 'int64')],
  // The promoted number type, and the length of a slice, are Python's to say.
  ['Tensor B', torch.add(float64([1, 2], 'B'), torch.tensor(session, [1, 2], { axes: 'B', dtype: 'int64' }))],
  ['Tensor B', torch.slice(float64([1, 2], 'B'), 'B', { start: 0, end: 1 })],
])('%s is how a tensor is printed', (text, tensor) => {
  expect(inspect(tensor)).toBe(text)
  expect(inspect({ tensor })).toBe(`{ tensor: ${text} }`)
})
