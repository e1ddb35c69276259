import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Session } from '../../src/bridge'
import { ShapeError } from '../../src/errors'
import type { AnyTensor, Nested, Replaced, Without } from '../../src/torch'
import { checkAxisCount, dimensionOf, prependAxis, replaceAxes, Tensor } from '../../src/torch/tensor'

describe('types of shapes', () => {
  test('Nested has a level of arrays for each axis', () => {
    expectTypeOf<Nested<'', number>>().toEqualTypeOf<number>()
    expectTypeOf<Nested<'B', boolean>>().toEqualTypeOf<boolean[]>()
    expectTypeOf<Nested<'MBK', number>>().toEqualTypeOf<number[][][]>()
    expectTypeOf<Nested<'MBCHW', number>>().toEqualTypeOf<number[][][][][]>()
  })

  test('Nested of axes that are not known holds any depth', () => {
    expectTypeOf<number>().toExtend<Nested<string, number>>()
    expectTypeOf<number[][]>().toExtend<Nested<string, number>>()
    expectTypeOf<string>().not.toExtend<Nested<string, number>>()
  })

  test('Without lacks one axis', () => {
    expectTypeOf<Without<'MBK', 'K'>>().toEqualTypeOf<'MB'>()
    expectTypeOf<Without<'MBK', 'M'>>().toEqualTypeOf<'BK'>()
    expectTypeOf<Without<'B', 'B'>>().toEqualTypeOf<''>()
    expectTypeOf<Without<'MBK', 'C'>>().toEqualTypeOf<never>()
    expectTypeOf<Without<string, 'B'>>().toEqualTypeOf<string>()
    expectTypeOf<Without<'MBK', string>>().toEqualTypeOf<string>()
    expectTypeOf<Without<'MBK', 'B' | 'K'>>().toEqualTypeOf<'MK' | 'MB'>()
  })

  test('Replaced has others in place of one axis, or of a run of them', () => {
    expectTypeOf<Replaced<'MBK', 'B', 'A'>>().toEqualTypeOf<'MAK'>()
    expectTypeOf<Replaced<'MBCHW', 'MB', 'N'>>().toEqualTypeOf<'NCHW'>()
    expectTypeOf<Replaced<'NK', 'N', 'MB'>>().toEqualTypeOf<'MBK'>()
    expectTypeOf<Replaced<'MBK', 'MK', 'N'>>().toEqualTypeOf<never>()
    expectTypeOf<Replaced<string, 'MB', 'N'>>().toEqualTypeOf<string>()
    expectTypeOf<Replaced<'MBK', string, 'N'>>().toEqualTypeOf<string>()
  })

  test('a tensor is one of its axes and values only', () => {
    expectTypeOf<Tensor<'MB'>>().not.toExtend<Tensor<'BK'>>()
    expectTypeOf<Tensor<'MB', boolean>>().not.toExtend<Tensor<'MB'>>()
    expectTypeOf<Tensor<'MB'>>().toExtend<AnyTensor>()
    expectTypeOf<Tensor<'MB', boolean>>().toExtend<AnyTensor>()
  })
})

const named = <A extends string>(axes: A) => new Tensor({} as Session, 1, axes)

describe('names of axes', () => {
  test('dimensionOf counts from the first', () => {
    expect([...'MBK'].map(axis => dimensionOf('sum', named('MBK'), axis))).toEqual([0, 1, 2])
  })

  test.each(['C', '', 'MB', 'b'])('dimensionOf refuses %j', axis => {
    expect(() => dimensionOf('sum', named('MBK'), axis)).toThrow(
      new ShapeError(`sum: expected an axis of a tensor with axes 'MBK', got '${axis}'.`, {
        remedy: 'Name one of its letters.',
      }),
    )
  })

  test('replaceAxes and prependAxis say what the new axes are, in their type too', () => {
    const merged = replaceAxes('flatten', 'MBCHW', { from: 'MB', to: 'N' })
    const split = replaceAxes('unflatten', 'NK', { from: 'N', to: 'MB', count: 2 })
    const longer = prependAxis('expand', 'M', 'BK')
    expect([merged, split, longer]).toEqual(['NCHW', 'MBK', 'MBK'])
    expectTypeOf(merged).toEqualTypeOf<'NCHW'>()
    expectTypeOf(split).toEqualTypeOf<'MBK'>()
    expectTypeOf(longer).toEqualTypeOf<'MBK'>()
  })

  const remedy = 'Name each axis by one letter that no other axis has.'

  test.each([
    ['MB', 'NN', 2, "expected 2 new axes, got 'NN', which makes 'NNK'"],
    ['MB', 'N', 2, "expected 2 new axes, got 'N', which makes 'NK'"],
    ['MB', 'NC', 1, "expected one new axis, got 'NC', which makes 'NCK'"],
    ['MB', '', 1, "expected one new axis, got '', which makes 'K'"],
    ['MB', 'K', 1, "expected one new axis, got 'K', which makes 'KK'"],
  ])('replaceAxes refuses %j by %j', (from, to, count, what) => {
    expect(() => replaceAxes('flatten', 'MBK', { from, to, count })).toThrow(
      new ShapeError(`flatten: ${what}.`, { remedy }),
    )
  })

  test.each(['B', '', 'MN'])('prependAxis refuses %j', axis => {
    expect(() => prependAxis('expand', axis, 'BK')).toThrow(
      new ShapeError(`expand: expected one new axis, got '${axis}', which makes '${axis}BK'.`, { remedy }),
    )
  })

  test('checkAxisCount refuses another count', () => {
    checkAxisCount('bincount', named('N'), 1)
    expect(() => checkAxisCount('bincount', named('NK'), 1)).toThrow(ShapeError)
  })
})
