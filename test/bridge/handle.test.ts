import { describe, expect, expectTypeOf, test } from 'vitest'
import { PlainHandle, type Read, type Session } from '../../src/bridge'
import { type Handle, handlesIn, withData } from '../../src/bridge/handle'
import type { Batch, Dataset, Generator, Tensor } from '../../src/torch'

const handle = <Data>(id: number) => new PlainHandle<Data>({} as Session, id)

describe('handlesIn', () => {
  test('finds handles in plain objects and arrays, in order, each time that they occur', () => {
    const [a, b, c] = [handle(1), handle(2), handle(3)]
    expect(handlesIn({ b, list: [a, { deep: [c, b] }], text: 'x', none: null, missing: undefined })).toEqual([
      b,
      a,
      c,
      b,
    ])
  })

  test.each([undefined, null, 0, 'text', true, [], {}, () => handle(1)])('finds none in %o', value => {
    expect(handlesIn(value)).toEqual([])
  })

  test('does not look into a handle', () => {
    const outer = Object.assign(handle(1), { inner: handle(2) })
    expect(handlesIn([outer])).toEqual([outer])
  })
})

test('withData puts data in place of handles and keeps the rest', () => {
  const data = (part: Handle) => part.id * 10
  const value = { a: handle(1), list: [handle(2), 'text', null, { b: handle(3) }], missing: undefined }
  expect(withData(value, data)).toEqual({ a: 10, list: [20, 'text', null, { b: 30 }], missing: undefined })
  expect(withData(handle(4), data)).toBe(40)
})

test('Read is the type of the data', () => {
  expectTypeOf<Read<Tensor<''>>>().toEqualTypeOf<number>()
  expectTypeOf<Read<Tensor<'MB'>>>().toEqualTypeOf<number[][]>()
  expectTypeOf<Read<Tensor<'B', boolean>>>().toEqualTypeOf<boolean[]>()
  expectTypeOf<Read<PlainHandle<{ readonly length: number }>>>().toEqualTypeOf<{ readonly length: number }>()
  expectTypeOf<Read<{ loss: Tensor<''>; hits: Tensor<'MB', boolean>; note: string; list: Tensor<'K'>[] }>>()
    .toEqualTypeOf<{ loss: number; hits: boolean[][]; note: string; list: number[][] }>() // biome-ignore format: one type
  expectTypeOf<Read<readonly [Tensor<''>, PlainHandle<string>]>>().toEqualTypeOf<readonly [number, string]>()
  expectTypeOf<Read<Batch>>().toEqualTypeOf<{
    readonly images_BCHW: number[][][][]
    readonly labels_B: number[]
  }>()
  expectTypeOf<Read<Generator>>().toEqualTypeOf<never>()
  expectTypeOf<Read<Dataset>>().toEqualTypeOf<never>()
  expectTypeOf<Read<undefined>>().toEqualTypeOf<undefined>()
})
