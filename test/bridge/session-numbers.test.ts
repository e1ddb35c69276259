import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Plain, type Session } from '../../src/bridge'
import { add, argmax, clamp, div, eq, gt, log, mul, sqrt, tensor, where } from '../../src/torch'
import { withForkedPython } from '../support/forked-python'

let session: Session

beforeAll(async () => {
  session = await withForkedPython(() => connect({ device: 'cpu', threads: 1 }))
})

afterAll(() => session.close())

const float64 = <A extends string>(data: Plain, axes: A) => tensor(session, data, { axes, dtype: 'float64' })

describe('an answer', () => {
  test('log(0) is -Infinity, 0/0 is NaN, 1/0 is Infinity', async () => {
    const answer = await session.compute(() => ({
      logarithm: log(float64(0, '')),
      quotients: div(float64([[0, 1], [-1, 3]], 'MB'), float64([0, 1], 'B')),
      root: sqrt(float64([-1, 4], 'B')),
    })) // biome-ignore format: a matrix
    expect(answer).toEqual({
      logarithm: Number.NEGATIVE_INFINITY,
      quotients: [[Number.NaN, 1], [Number.NEGATIVE_INFINITY, 3]],
      root: [Number.NaN, 2],
    }) // biome-ignore format: a matrix
  })

  test('keeps the sign of zero', async () => {
    const zeros = await session.compute(() => mul(float64([1, -1], 'B'), 0))
    expect(zeros).toEqual([0, -0])
  })

  test('has booleans for bool tensors and whole numbers for int64', async () => {
    const answer = await session.compute(() => {
      const values_MB = float64([[1, 2], [Number.NaN, 4]], 'MB') // biome-ignore format: a matrix
      return {
        greater: gt(values_MB, 1),
        itself: eq(values_MB, values_MB),
        given: tensor(session, [true, false], { axes: 'B', dtype: 'bool' }),
        largest: argmax(float64([1, 5, 3], 'K')),
        whole: tensor(session, [2 ** 53, -1], { axes: 'B', dtype: 'int64' }),
      }
    })
    expect(answer).toEqual({
      greater: [[false, true], [false, true]],
      itself: [[true, true], [false, true]],
      given: [true, false],
      largest: 1,
      whole: [2 ** 53, -1],
    }) // biome-ignore format: matrices
  })

  test.each(['float32', 'float16', 'bfloat16'] as const)(
    '%s arrives as the float64 of its value',
    async dtype => {
      const values = [0.5, -0, 3, Number.POSITIVE_INFINITY, Number.NaN]
      expect(await session.compute(() => tensor(session, values, { axes: 'B', dtype }))).toEqual(values)
    },
  )
})

describe('a parameter', () => {
  test('may be NaN or infinite, alone and in nested arrays', async () => {
    const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY]
    const answer = await session.compute(() => {
      const values = float64([[1, -infinity], [nan, -2]], 'MB') // biome-ignore format: a matrix
      return {
        values,
        sum: add(values, infinity),
        product: mul(values, nan),
        limited: clamp(values, -infinity, 0),
        chosen: where(gt(values, 0), values, -infinity),
      }
    })
    expect(answer).toEqual({
      values: [[1, -infinity], [nan, -2]],
      sum: [[infinity, nan], [nan, infinity]],
      product: [[nan, nan], [nan, nan]],
      limited: [[0, -infinity], [nan, -2]],
      chosen: [[1, -infinity], [-infinity, -infinity]],
    }) // biome-ignore format: matrices
  })

  test('is the same number in Python to the bit', async () => {
    const nowhere = tensor(session, false, { axes: '', dtype: 'bool' })
    await fc.assert(
      fc.asyncProperty(fc.double(), async value => {
        const answer = await session.compute(() => where(nowhere, float64(1, ''), value))
        expect(bits([answer])).toEqual(bits([value]))
      }),
      { numRuns: 100, examples: ODD_NUMBERS.map(value => [value]) },
    )
    session.free(nowhere)
  })
})

test('numbers in nested arrays come back equal to the bit', async () => {
  const size = fc.integer({ min: 1, max: 4 })
  const number = fc.oneof(fc.double(), fc.constantFrom(...ODD_NUMBERS), fc.integer())
  const nested = fc.oneof(
    number.map(data => ({ axes: '', data })),
    fc.array(number, { maxLength: 20 }).map(data => ({ axes: 'B', data })),
    fc
      .tuple(size, size, size)
      .chain(([m, b, k]) => arrayOf(m, arrayOf(b, arrayOf(k, number))).map(data => ({ axes: 'MBK', data }))),
  )
  await fc.assert(
    fc.asyncProperty(nested, async ({ axes, data }) => {
      const answer = await session.compute(() => float64(data, axes))
      expect(answer).toEqual(data)
      expect(bits([answer].flat(3) as number[])).toEqual(bits([data].flat(3) as number[]))
    }),
    { numRuns: 200 },
  )
})

const arrayOf = <T>(length: number, item: fc.Arbitrary<T>) =>
  fc.array(item, { minLength: length, maxLength: length })

/** Where number formats break: signed zero, subnormals, the limits of integers and of float64. */
const ODD_NUMBERS = [
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 63,
  -(2 ** 64),
  1e21,
  0.1,
]

/** All bits of the numbers; NaN has many patterns, of which JavaScript shows one. */
const bits = (values: readonly number[]) => new BigUint64Array(new Float64Array(values).buffer)
