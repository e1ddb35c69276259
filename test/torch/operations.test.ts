import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { connect, type Plain, type Session } from '../../src/bridge'
import { PythonError } from '../../src/errors'
import * as torch from '../../src/torch'
import { rejectionOf } from '../bridge/support'
import { withForkedPython } from '../support/forked-python'

let session: Session

beforeAll(async () => {
  session = await withForkedPython(() => connect({ device: 'cpu', threads: 1 }))
})

afterAll(() => session.close())

const float64 = <const A extends string>(data: Plain, axes: A) =>
  torch.tensor(session, data, { axes, dtype: 'float64' })

/** [M][B][K] = [2][2][3] */
const VALUES = [
  [[1, 2, 3], [6, 5, 4]],
  [[-1, 0, 1], [0.5, 0.25, 0]],
] // biome-ignore format: a tensor

const flat = VALUES.flat(2)
const total = (numbers: readonly number[]) => numbers.reduce((first, second) => first + second)
const mapEach = (f: (value: number) => number) => VALUES.map(m => m.map(b => b.map(f)))
const mapRows = <T>(f: (row: number[]) => T) => VALUES.map(m => m.map(f))
const logSumExp = (row: readonly number[]) => Math.log(total(row.map(Math.exp)))

describe('operations give what torch gives', () => {
  test('element by element', async () => {
    const answer = await session.compute(() => {
      const values_MBK = float64(VALUES, 'MBK')
      return {
        exp: torch.exp(values_MBK),
        square: torch.square(values_MBK),
        abs: torch.abs(values_MBK),
        tanh: torch.tanh(values_MBK),
        log: torch.log(torch.exp(values_MBK)),
        sqrt: torch.sqrt(torch.square(values_MBK)),
        reciprocal: torch.reciprocal(values_MBK),
        clamp: torch.clamp(values_MBK, 0, 2.5),
        clampMin: torch.clampMin(values_MBK, 0.5),
        where: torch.where(torch.gt(values_MBK, 1), values_MBK, -7),
        whereTensor: torch.where(torch.gt(values_MBK, 1), values_MBK, torch.mul(values_MBK, 10)),
        // A known value of the error function: erf(0.4769362762044699) = 1/2.
        erfinv: torch.erfinv(torch.add(torch.mul(values_MBK, 0), 0.5)),
        round: torch.round(torch.mul(values_MBK, 0.5)),
        hardmax: torch.hardmax(values_MBK, 'K'),
        to: torch.to(torch.gt(values_MBK, 1), 'int64'),
      }
    })
    const expected = {
      exp: mapEach(Math.exp),
      square: mapEach(value => value * value),
      abs: mapEach(Math.abs),
      tanh: mapEach(Math.tanh),
      log: VALUES,
      sqrt: mapEach(Math.abs),
      reciprocal: mapEach(value => 1 / value),
      clamp: mapEach(value => Math.min(Math.max(value, 0), 2.5)),
      clampMin: mapEach(value => Math.max(value, 0.5)),
      where: mapEach(value => (value > 1 ? value : -7)),
      whereTensor: mapEach(value => (value > 1 ? value : 10 * value)),
      erfinv: mapEach(() => 0.4769362762044699),
      round: mapEach(value => (value === 1 || value === 5 ? (value - 1) / 2 : Math.round(value / 2))),
      hardmax: mapRows(row => row.map((_, index) => Number(index === row.indexOf(Math.max(...row))))),
      to: mapEach(value => Number(value > 1)),
    }
    expectClose(answer, expected)
    expectTypeOf(answer).toEqualTypeOf<Record<keyof typeof expected, number[][][]>>()
  })

  test('over one axis and over all', async () => {
    const answer = await session.compute(() => {
      const values_MBK = float64(VALUES, 'MBK')
      return {
        sums: torch.sum(values_MBK, 'K'),
        sumOfFirst: torch.sum(values_MBK, 'M'),
        means: torch.mean(values_MBK, 'K'),
        largest: torch.max(values_MBK, 'K'),
        places: torch.argmax(values_MBK, 'K'),
        topTwo: torch.topk(values_MBK, 'K', { count: 2 }),
        logSums: torch.logsumexp(values_MBK, 'K'),
        all: [torch.sum, torch.mean, torch.max, torch.argmax, torch.logsumexp].map(reduce =>
          reduce(values_MBK),
        ),
        softmax: torch.softmax(values_MBK, 'K'),
        logSoftmax: torch.logSoftmax(values_MBK, 'K'),
        norms: torch.normOfEach(values_MBK, 'MB'),
        meansOfEach: torch.meanOfEach(values_MBK, 'M'),
      }
    })
    expectClose(answer, {
      sums: mapRows(total),
      sumOfFirst: [[0, 2, 4], [6.5, 5.25, 4]],
      means: mapRows(row => total(row) / 3),
      largest: mapRows(row => Math.max(...row)),
      places: [[2, 0], [2, 0]],
      topTwo: {
        values: mapRows(row => [...row].sort((a, b) => b - a).slice(0, 2)),
        indices: [[[2, 1], [0, 1]], [[2, 1], [0, 1]]],
      },
      logSums: mapRows(logSumExp),
      all: [total(flat), total(flat) / 12, 6, 3, logSumExp(flat)],
      softmax: mapRows(row => row.map(value => Math.exp(value - logSumExp(row)))),
      logSoftmax: mapRows(row => row.map(value => value - logSumExp(row))),
      norms: mapRows(row => Math.hypot(...row)),
      meansOfEach: VALUES.map(m => total(m.flat()) / 6),
    }) // biome-ignore format: matrices
    expectTypeOf(answer.sumOfFirst).toEqualTypeOf<number[][]>()
    expectTypeOf(answer.meansOfEach).toEqualTypeOf<number[]>()
    expectTypeOf(answer.all).toEqualTypeOf<number[]>()
  })

  test('the first of equals is the largest, and takes all of the gradient', async () => {
    const answer = await session.compute(() => {
      const equals_B = torch.leaf(float64([1, 1, 0], 'B'))
      return {
        place: torch.argmax(equals_B, 'B'),
        hardmax: torch.hardmax(equals_B, 'B'),
        overAxis: torch.grad(torch.max(equals_B, 'B'), equals_B),
        overAll: torch.grad(torch.max(equals_B), equals_B),
      }
    })
    expect(answer).toEqual({ place: 0, hardmax: [1, 0, 0], overAxis: [1, 0, 0], overAll: [1, 0, 0] })
  })

  test('of other shapes', async () => {
    const answer = await session.compute(() => {
      const values_MBK = float64(VALUES, 'MBK')
      const labels_B = torch.tensor(session, [2, 0], { axes: 'B', dtype: 'int64' })
      return {
        merged: torch.flatten(values_MBK, 'MB', 'N'),
        split: torch.unflatten(torch.flatten(values_MBK, 'MB', 'N'), 'N', { as: 'MB', count: 2 }),
        selected: torch.select(values_MBK, 'B', 1),
        sliced: torch.slice(values_MBK, 'K', { start: 1, end: 3 }),
        chosen: torch.indexSelect(
          values_MBK,
          'B',
          torch.tensor(session, [1, 1, 0], { axes: 'A', dtype: 'int64' }),
        ),
        picked: torch.pick(values_MBK, 'K', labels_B),
        repeated: torch.expand(labels_B, { axis: 'M', count: 3 }),
        lookedUp: torch.lookUp(float64([10, 20, 30], 'T'), labels_B),
        counts: torch.bincount(torch.tensor(session, [2, 0, 2], { axes: 'N', dtype: 'int64' }), {
          classes: 4,
        }),
        affine: torch.linear(torch.select(values_MBK, 'M', 0), 'K', {
          weights: float64([[1, 0, 0], [1, 1, 1]], 'DK'),
          bias: float64([0, 10], 'D'),
          as: 'D',
        }),
      } // biome-ignore format: a matrix
    })
    expect(answer).toEqual({
      merged: VALUES.flat(),
      split: VALUES,
      selected: VALUES.map(m => m[1]),
      sliced: mapRows(row => row.slice(1)),
      chosen: VALUES.map(m => [m[1], m[1], m[0]]),
      picked: [[3, 6], [1, 0.5]],
      repeated: [[2, 0], [2, 0], [2, 0]],
      lookedUp: [30, 10],
      counts: [1, 0, 2, 0],
      affine: [[1, 16], [6, 25]],
    }) // biome-ignore format: matrices
    expectTypeOf(answer.selected).toEqualTypeOf<number[][]>()
    expectTypeOf(answer.picked).toEqualTypeOf<number[][]>()
  })
})

test('binary operations broadcast by letter', async () => {
  const AXES = 'MBK'
  const numbers = (count: number) =>
    fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: count, maxLength: count })
  const operands = fc
    .record({
      sizes: fc.tuple(...[...AXES].map(() => fc.integer({ min: 1, max: 3 }))),
      kept: fc.tuple(...[...AXES].map(() => fc.boolean())),
    })
    .chain(({ sizes, kept }) => {
      const secondSizes = sizes.filter((_, index) => kept[index])
      const product = (factors: number[]) => factors.reduce((first, second) => first * second, 1)
      return fc.record({
        sizes: fc.constant(sizes),
        kept: fc.constant(kept),
        first: numbers(product(sizes)),
        second: numbers(product(secondSizes)),
      })
    })
  await fc.assert(
    fc.asyncProperty(operands, async ({ sizes, kept, first, second }) => {
      const secondAxes = [...AXES].filter((_, index) => kept[index]).join('')
      const secondSizes = sizes.filter((_, index) => kept[index])
      const answer = await session.compute(() => {
        const a = float64(nest(first, sizes), AXES)
        const b = float64(nest(second, secondSizes), secondAxes)
        const { add, sub, mul, div, eq, gt } = torch
        return { add: add(a, b), sub: sub(a, b), mul: mul(a, b), div: div(a, b), eq: eq(a, b), gt: gt(a, b) }
      })
      /** The second operand's number for each place of the first's. */
      const matching = first.map((_, place) => {
        const indices = indicesOf(place, sizes).filter((_, axis) => kept[axis])
        return second[indices.reduce((sum, index, axis) => sum * (secondSizes[axis] ?? 1) + index, 0)] ?? 0
      })
      const over = <T extends number | boolean>(f: (a: number, b: number) => T) =>
        nest(first.map((a, place) => f(a, matching[place] ?? 0)), sizes) // biome-ignore format: short
      expect(answer).toEqual({
        add: over((a, b) => a + b),
        sub: over((a, b) => a - b),
        mul: over((a, b) => a * b),
        div: over((a, b) => a / b),
        eq: over((a, b) => a === b),
        gt: over((a, b) => a > b),
      })
    }),
    { numRuns: 60 },
  )
})

/** The place in each axis of the n-th of numbers in nested arrays. */
function indicesOf(place: number, sizes: readonly number[]): number[] {
  return sizes.map((size, axis) => {
    const stride = sizes.slice(axis + 1).reduce((first, second) => first * second, 1)
    return Math.floor(place / stride) % size
  })
}

/** Numbers as arrays of these sizes, nested. */
function nest(numbers: readonly Plain[], [size, ...rest]: readonly number[]): Plain {
  if (size === undefined) return numbers[0] ?? null
  const length = numbers.length / size
  return Array.from({ length: size }, (_, index) =>
    nest(numbers.slice(index * length, (index + 1) * length), rest),
  )
}

describe('gradients', () => {
  test('grad is the derivative, backward adds up on leaves, detach cuts the graph', async () => {
    const leaf_B = session.scope(() => torch.leaf(float64([1, 2], 'B')))
    const answer = await session.compute(() => {
      const cubes = torch.sum(torch.mul(torch.square(leaf_B), leaf_B))
      const halfCut = torch.sum(torch.mul(torch.detach(leaf_B), leaf_B))
      const ofCubes = torch.grad(cubes, leaf_B)
      torch.backward(halfCut)
      torch.backward(torch.sum(leaf_B))
      return { ofCubes, gathered: torch.gradient(leaf_B) }
    })
    expect(answer).toEqual({ ofCubes: [3, 12], gathered: [2, 3] })
    session.free(leaf_B)
  })

  test('no graph is built under noGrad, and a leaf without a gradient says so', async () => {
    const leaf_B = session.scope(() => torch.leaf(float64([1, 2], 'B')))
    const cut = session.compute(() => torch.backward(torch.noGrad(session, () => torch.sum(leaf_B))))
    expect((await rejectionOf(cut, PythonError)).pythonMessage).toContain('does not require grad')
    const none = await rejectionOf(
      session.compute(() => torch.gradient(leaf_B)),
      PythonError,
    )
    expect(none.pythonMessage).toMatch(/^This leaf has no gradient: call backward/)
    session.free(leaf_B)
  })
})

function expectClose(received: unknown, expected: unknown): void {
  if (typeof expected === 'number') {
    expect(received).toBeCloseTo(expected, 12)
    return
  }
  const [got, wanted] = [received, expected] as Record<string, unknown>[]
  expect(Object.keys(got ?? {})).toEqual(Object.keys(wanted ?? {}))
  for (const key of Object.keys(wanted ?? {})) expectClose(got?.[key], wanted?.[key])
}
