import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Session } from '../../src/bridge'
import { PythonError } from '../../src/errors'
import { add, backward, exp, gradient, leaf, mul, noGrad, sum, type Tensor, tensor } from '../../src/torch'
import { withForkedPython } from '../support/forked-python'
import { refuseLeaks } from './leaks'
import { countLiveValues, placeOf, rejectionOf } from './support'

let session: Session

beforeAll(async () => {
  session = await withForkedPython(() => connect({ device: 'cpu', threads: 1 }))
})

afterAll(() => session.close())

refuseLeaks(() => session)

const vector = (...values: number[]) => tensor(session, values, { axes: 'B' })

/** How often a body is recorded, and the procedure of it. */
function counted<I, O>(body: (inputs: I) => O) {
  const recordings: I[] = []
  const procedure = session.procedure((inputs: I) => {
    recordings.push(inputs)
    return body(inputs)
  })
  return { procedure, recordings }
}

describe('a procedure', () => {
  test('is recorded once and computes on the inputs of each call, of any size', async () => {
    const { procedure, recordings } = counted(({ x_B, factor }: { x_B: Tensor<'B'>; factor: number }) => {
      const scaled_B = mul(x_B, factor)
      return { x_B, results: [sum(exp(mul(scaled_B, 0))), scaled_B, scaled_B] as const, nothing: null }
    })
    const first = await session.compute(() => procedure.call({ x_B: vector(1, 2), factor: 10 }))
    expect(first).toEqual({ x_B: [1, 2], results: [2, [10, 20], [10, 20]], nothing: null })
    const { instructions, sentBytes } = session.counters
    const second = await session.compute(() => procedure.call({ x_B: vector(3, 4, 5), factor: 10 }))
    expect(second).toEqual({ x_B: [3, 4, 5], results: [3, [30, 40, 50], [30, 40, 50]], nothing: null })
    expect(recordings).toHaveLength(1)
    // The tensor and the call.
    expect(session.counters.instructions - instructions).toBe(2)
    expect(session.counters.sentBytes - sentBytes).toBeLessThan(200)
    procedure.free()
    await session.flush()
  })

  test('is recorded again where plain data differ, a handle is missing, or two inputs are one', async () => {
    interface Inputs {
      readonly x_B: Tensor<'B'>
      readonly y_B: Tensor<'B'> | null
      readonly options: { readonly factor: number }
    }
    const { procedure, recordings } = counted(({ x_B, y_B, options }: Inputs) =>
      mul(y_B === null ? x_B : add(x_B, y_B), options.factor),
    )
    const run = (inputs: Inputs) => session.compute(() => procedure.call(inputs))
    const [x_B, y_B] = [vector(1, 2), vector(10, 20)]
    const options = { factor: 1 }
    for (let round = 0; round < 2; round += 1) {
      expect(await run({ x_B, y_B, options })).toEqual([11, 22])
      expect(await run({ x_B, y_B: null, options })).toEqual([1, 2])
      expect(await run({ x_B, y_B: x_B, options })).toEqual([2, 4])
      expect(await run({ x_B: y_B, y_B, options })).toEqual([20, 40])
      expect(await run({ x_B, y_B, options: { factor: 2 } })).toEqual([22, 44])
      expect(await run({ x_B, y_B, options: { factor: Number.POSITIVE_INFINITY } })).toEqual([
        Number.POSITIVE_INFINITY,
        Number.POSITIVE_INFINITY,
      ])
      expect(await run({ x_B, y_B, options: { factor: Number.NaN } })).toEqual([Number.NaN, Number.NaN])
    }
    expect(recordings).toHaveLength(6)
    procedure.free()
    session.free([x_B, y_B])
    await session.flush()
  })

  test.each<[string, unknown, unknown]>([
    ['0 and -0', 0, -0],
    ['a number and its text', 1, '1'],
    ['NaN and null', Number.NaN, null],
    ['undefined and null in an array', [undefined], [null]],
    ['a field that is undefined and none', { of: undefined }, {}],
    ['a list and its parts', [['a'], 'b'], [['a', 'b']]],
  ])('is recorded for each of two inputs that JSON confuses: %s', async (_name, one, other) => {
    const { procedure, recordings } = counted((_inputs: { what: unknown }) => null)
    for (const what of [one, other, one, other]) procedure.call({ what })
    expect(recordings).toEqual([{ what: one }, { what: other }])
    procedure.free()
    await session.flush()
  })

  test('takes no plain data for a handle', async () => {
    const { procedure, recordings } = counted((_inputs: { x_B: Tensor<'B'>; y: unknown }) => null)
    const x_B = vector(1)
    for (const y of [x_B, { handle: 0 }, '#0']) procedure.call({ x_B, y })
    expect(recordings).toHaveLength(3)
    procedure.free()
    session.free(x_B)
    await session.flush()
  })

  test('takes objects without a prototype, as maps by name are made', async () => {
    const { procedure, recordings } = counted(({ byName }: { byName: Record<string, number> }) => {
      expect(byName.sigma).toBe(2)
    })
    for (let round = 0; round < 2; round += 1) {
      procedure.call({ byName: Object.assign(Object.create(null), { sigma: 2 }) })
    }
    expect(recordings).toHaveLength(1)
    procedure.free()
    await session.flush()
  })

  test('of ever new forms keeps the last ones, here and in Python', async () => {
    const { procedure, recordings } = counted(({ x, power }: { x: Tensor<''>; power: number }) =>
      mul(x, power),
    )
    const run = (power: number) =>
      session.compute(() => procedure.call({ x: tensor(session, 2, { axes: '' }), power }))
    for (let power = 0; power < 20; power += 1) expect(await run(power)).toBe(2 * power)
    expect(session.liveTensors()).toBe(8)
    expect(await session.compute(() => countLiveValues(session))).toBe(8)
    await run(19)
    await run(12)
    expect(recordings).toHaveLength(20)
    await run(0)
    await run(12)
    expect(recordings).toHaveLength(21)
    procedure.free()
    await session.flush()
  })

  test('has the effects of its instructions, within contexts too, and frees what it makes', async () => {
    const { procedure, recordings } = counted(({ x_B }: { x_B: Tensor<'B'> }) => {
      const factor = noGrad(session, () => sum(x_B))
      backward(mul(sum(x_B), factor))
    })
    const x_B = session.scope(() => leaf(vector(1, 2)))
    for (const expected of [3, 6]) {
      session.scope(() => procedure.call({ x_B }))
      expect(await session.compute(() => gradient(x_B))).toEqual([expected, expected])
    }
    expect(recordings).toHaveLength(1)
    expect(await session.compute(() => countLiveValues(session))).toBe(2) // x and the procedure
    procedure.free()
    session.free(x_B)
    await session.flush()
  })

  test('within another one is a part of that', async () => {
    const inner = counted(({ x_B }: { x_B: Tensor<'B'> }) => mul(x_B, 2))
    const outer = counted(({ x_B }: { x_B: Tensor<'B'> }) => add(inner.procedure.call({ x_B }), 1))
    for (const x of [1, 2]) {
      expect(await session.compute(() => outer.procedure.call({ x_B: vector(x) }))).toEqual([2 * x + 1])
    }
    expect([inner.recordings.length, outer.recordings.length]).toEqual([1, 1])
    expect(session.liveTensors()).toBe(1)
    outer.procedure.free()
    await session.flush()
  })

  test('outlives the scope in which it is called first', async () => {
    const { procedure, recordings } = counted(({ x_B }: { x_B: Tensor<'B'> }) => sum(x_B))
    session.scope(() => {
      procedure.call({ x_B: vector(1) })
    })
    expect(await session.compute(() => procedure.call({ x_B: vector(5) }))).toBe(5)
    expect(recordings).toHaveLength(1)
    procedure.free()
    expect(await session.compute(() => procedure.call({ x_B: vector(6) }))).toBe(6)
    expect(recordings).toHaveLength(2)
    procedure.free()
    await session.flush()
  })
})

describe('what a procedure refuses', () => {
  const refused = <I>(body: (inputs: I) => unknown, inputs: I) => {
    const before = session.liveTensors()
    expect(() => session.procedure(body).call(inputs)).toThrow(TypeError)
    expect(session.liveTensors()).toBe(before)
    return expect(() => session.procedure(body).call(inputs))
  }

  test('handles that it was not given, promises, and reads inside', async () => {
    const [x_B, y_B] = [vector(1), vector(2)]
    refused(() => add(x_B, y_B), { x_B }).toThrow(
      'add takes a value that the procedure around it was not given. Hand it in with the inputs.',
    )
    refused(async () => undefined, {}).toThrow('The body of a procedure returned a promise')
    let read: Promise<unknown> | undefined
    const reading = session.procedure(({ z_B }: { z_B: Tensor<'B'> }) => {
      read = session.read(z_B)
    })
    reading.call({ z_B: x_B })
    await expect(read).rejects.toThrow('A procedure was open at a read, which ends the program. Read outside')
    reading.free()
    session.free([x_B, y_B])
    expect(await session.compute(() => vector(3))).toEqual([3])
  })

  /** What it holds can change without a trace in its fields. */
  class Noise {
    #sigma: number
    constructor(sigma: number) {
      this.#sigma = sigma
    }
    get sigma() {
      return this.#sigma
    }
  }

  class Noises extends Array<number> {}

  test.each<[string, unknown, string, string]>([
    ['a class instance', new Noise(2), 'inputs.what', 'an instance of Noise'],
    ['a nested one', { schedule: new Noise(2) }, 'inputs.what.schedule', 'an instance of Noise'],
    [
      'one in an array',
      [1, { 'at last': new Noise(2) }],
      'inputs.what[1]["at last"]',
      'an instance of Noise',
    ],
    [
      'one without a class',
      Object.create({ sigma: 2 }),
      'inputs.what',
      'an object that inherits from another',
    ],
    [
      'one without a constructor',
      Object.create(Object.create(null)),
      'inputs.what',
      'an object that inherits from another',
    ],
    ['an array of a class', Noises.of(1), 'inputs.what', 'an instance of Noises'],
    ['a map', new Map([['sigma', 2]]), 'inputs.what', 'an instance of Map'],
    ['a set', { levels: new Set([2]) }, 'inputs.what.levels', 'an instance of Set'],
    ['a date', [new Date(0)], 'inputs.what[0]', 'an instance of Date'],
    ['numbers in an array of bytes', new Float64Array(2), 'inputs.what', 'an instance of Float64Array'],
    ['a function', () => 2, 'inputs.what', 'a function'],
    ['a method', { sigma: () => 2 }, 'inputs.what.sigma', 'a function'],
    ['a symbol', Symbol('sigma'), 'inputs.what', 'a symbol'],
    ['a bigint', 2n, 'inputs.what', 'a bigint'],
  ])('%s', (_name, what, place, found) => {
    const { procedure, recordings } = counted((_inputs: { what: unknown }) => null)
    const refusal = expect(() => procedure.call({ what }))
    refusal.toThrow(TypeError)
    refusal.toThrow(
      `A procedure takes handles, arrays, plain objects and plain values, but ${place} is ${found}. Its later changes ` +
        'would go unnoticed, and the procedure compute with what it held at first. ' +
        'Hand in the handles and plain values that the body needs of it.',
    )
    expect(recordings).toEqual([])
  })

  test('the inputs themselves, where they are an instance', () => {
    refused(({ sigma }) => sigma, new Noise(2)).toThrow('but inputs is an instance of Noise.')
  })

  test('a handle that was freed', async () => {
    const { procedure } = counted(({ x_B }: { x_B: Tensor<'B'> }) => sum(x_B))
    const x_B = vector(1)
    session.free(x_B)
    expect(() => procedure.call({ x_B })).toThrow('call takes a value that was freed.')
    procedure.free()
    await session.flush()
  })
})

describe('a procedure that fails', () => {
  test('names the operation and the line within, leaks nothing, and can be called again', async () => {
    const { procedure, recordings } = counted(({ x_B, y_B }: { x_B: Tensor<'B'>; y_B: Tensor<'B'> }) =>
      noGrad(session, () => {
        const doubled_B = mul(x_B, 2)
        return sum(add(doubled_B, y_B)) // recorded within
      }),
    )
    const run = (...values: number[]) =>
      session.compute(() => procedure.call({ x_B: vector(1, 2), y_B: vector(...values) }))
    expect(await run(3, 4)).toBe(13)
    expect(await rejectionOf(run(1, 2, 3), PythonError)).toMatchObject({
      pythonType: 'RuntimeError',
      operation: 'add',
      recordedAt: expect.stringMatching(placeOf(__filename, 'recorded within')),
      traceback: expect.stringMatching(
        /^Traceback \(most recent call last\):\n.*tensors\.py.*RuntimeError: /s,
      ),
    })
    expect(await run(0, 0)).toBe(6)
    // Anew after the failure, since what defined it may not have run.
    expect(recordings).toHaveLength(2)
    expect(await session.compute(() => countLiveValues(session))).toBe(1)
    procedure.free()
    await session.flush()
  })

  test('or was never defined, because the program failed before, is defined by the next call', async () => {
    const { procedure } = counted(({ x_B }: { x_B: Tensor<'B'> }) => sum(x_B))
    const failing = session.compute(() => {
      add(vector(1), vector(1, 2, 3))
      add(vector(1, 2), vector(1, 2, 3))
      return procedure.call({ x_B: vector(1) })
    })
    await rejectionOf(failing, PythonError)
    expect(await session.compute(() => procedure.call({ x_B: vector(7) }))).toBe(7)
    procedure.free()
    await session.flush()
  })

  test('names no operation that is not on the list, in a procedure either', async () => {
    const sneaky = session.procedure(() => session.perform('eval', [], { source: '1' }))
    sneaky.call({})
    const error = await rejectionOf(session.flush(), PythonError)
    expect(error).toMatchObject({
      pythonType: 'LookupError',
      pythonMessage: "Unknown operation 'eval'.",
      operation: 'eval',
    })
    sneaky.free()
    await session.flush()
  })
})
