import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Session } from '../../src/bridge'
import { PythonError } from '../../src/errors'
import {
  add,
  backward,
  type Classifier,
  exp,
  generator,
  gradient,
  leaf,
  loadClassifier,
  log,
  mul,
  noGrad,
  randnCopies,
  select,
  sum,
  tensor,
} from '../../src/torch'
import { refuseLeaks } from './leaks'
import { countLiveValues, networkSpec, placeOf, rejectionOf } from './support'

let session: Session

beforeAll(async () => {
  session = await connect({ device: 'cpu', threads: 1 })
})

afterAll(() => session.close())

refuseLeaks(() => session)

const vector = (...values: number[]) => tensor(session, values, { axes: 'B' })

/** Tensors of one shape by name and of two in fact: an operation on both raises. */
const twoSizes = () => [vector(1, 2), vector(1, 2, 3)] as const

const fail = () => add(...twoSizes())

describe('an exception in Python', () => {
  test('is a PythonError: type, message, traceback, and the TypeScript line that recorded the operation', async () => {
    const failing = session.compute(() => {
      const [first, second] = twoSizes()
      const fine = exp(first)
      const sum_B = add(fine, second) // recorded here
      return log(sum_B)
    })
    const error = await rejectionOf(failing, PythonError)
    expect(error).toMatchObject({
      code: 'PYTHON',
      pythonType: 'RuntimeError',
      pythonMessage: expect.stringContaining('The size of tensor a (2) must match the size of tensor b (3)'),
      operation: 'add',
      recordedAt: expect.stringMatching(placeOf(__filename, 'recorded here')),
    })
    expect(error.traceback).toMatch(/^Traceback \(most recent call last\):\n.*tensors\.py.*RuntimeError: /s)
    expect(error.message).toContain(`RuntimeError in add, recorded at ${error.recordedAt}: The size of`)
  })

  test('says the line of the caller where another file of the package records', async () => {
    const helper = (body: () => void) => {
      body() // not this line
    }
    const failing = session.compute(() =>
      noGrad(session, () => {
        helper(() => {
          mul(...twoSizes()) // but this one
        })
      }),
    )
    expect((await rejectionOf(failing, PythonError)).recordedAt).toMatch(placeOf(__filename, 'but this one'))
  })

  test('says so where a value is neither a tensor nor plain data', async () => {
    const stream = generator(session, 1)
    expect(await rejectionOf(session.read(stream), PythonError)).toMatchObject({
      pythonType: 'TypeError',
      pythonMessage: 'A Generator cannot be read: it is neither a tensor nor plain data.',
      operation: 'read',
      recordedAt: 'the read',
    })
    session.free(stream)
    await session.flush()
  })

  test('says what to do where memory does not suffice, and the session continues', async () => {
    // 400 TB.
    const huge = () =>
      randnCopies(vector(1), { axis: 'M', count: 1e14, generator: generator(session, 'huge') })
    const error = await rejectionOf(session.compute(huge), PythonError)
    expect(error.pythonMessage).toMatch(/allocate/)
    expect(error.remedy).toBe('Use a smaller batch, or a narrower dtype.')
    expect(await session.compute(() => vector(1))).toEqual([1])
  })

  test('does not end the session', async () => {
    await rejectionOf(session.compute(fail), PythonError)
    expect(await session.compute(() => add(vector(1, 2), vector(3, 4)))).toEqual([4, 6])
  })

  test('stops the program: what stands before it has run, what stands after it has not', async () => {
    const weight = session.scope(() => leaf(vector(1, 2)))
    const failing = session.compute(() => {
      backward(sum(mul(weight, 10)))
      fail()
      backward(sum(mul(weight, 100)))
    })
    await rejectionOf(failing, PythonError)
    expect(await session.compute(() => gradient(weight))).toEqual([10, 10])
    session.free(weight)
    await session.flush()
  })

  test('frees what the program frees, before and after the failure', async () => {
    const kept = vector(1)
    await session.flush()
    session.scope(() => {
      exp(exp(kept))
      fail()
      exp(exp(kept))
    })
    session.free(kept)
    await rejectionOf(session.flush(), PythonError)
    expect(session.liveTensors()).toBe(0)
    expect(await session.compute(() => countLiveValues(session))).toBe(0)
  })
})

describe('a value that was never made', () => {
  test('says so at every later use, with the first failure and the line of the use', async () => {
    const unmade = session.scope(fail)
    const first = await rejectionOf(session.flush(), PythonError)
    const reason = `because add failed: ${first.pythonMessage}`

    const used = await rejectionOf(
      session.compute(() => {
        return exp(unmade) // used here
      }),
      PythonError,
    )
    expect(used).toMatchObject({
      pythonType: 'UnmadeValueError',
      pythonMessage: `This takes a value that was never made, ${reason}`,
      operation: 'exp',
      recordedAt: expect.stringMatching(placeOf(__filename, 'used here')),
    })
    expect(used.message).toMatch(/Mend the first failure; this one follows from it\.$/)

    const read = await rejectionOf(session.read(unmade), PythonError)
    expect(read).toMatchObject({ pythonType: 'UnmadeValueError', recordedAt: 'the read' })
    session.free(unmade)
    await session.flush()
  })

  test('passes the first failure on, through values that are made from it', async () => {
    const [unmade, fromIt] = session.scope(() => {
      const unmade = fail()
      return [unmade, exp(unmade)] as const
    })
    const { pythonMessage } = await rejectionOf(session.flush(), PythonError)
    const fromThat = exp(fromIt)
    await rejectionOf(session.flush(), PythonError)
    for (const value of [unmade, fromIt, fromThat]) {
      const error = await rejectionOf(session.read(value), PythonError)
      expect(error.pythonMessage).toBe(
        `This takes a value that was never made, because add failed: ${pythonMessage}`,
      )
    }
    session.free([unmade, fromIt, fromThat])
    await session.flush()
  })
})

describe('a context', () => {
  /** Whether the network is in training mode, a graph is built, and its weight takes part in it. */
  const modeOf = (classifier: Classifier) => {
    const image_NCHW = tensor(session, [[[[0]]]], { axes: 'NCHW' })
    return select(classifier.classify(image_NCHW), 'N', 0)
  }
  const usual = [0, 1, 1]
  const contexts = [
    ['noGrad', (_: Classifier, body: () => unknown) => noGrad(session, body), [0, 0, 1]],
    ['training', (network: Classifier, body: () => unknown) => network.training(body), [1, 1, 1]],
    [
      'withoutParameterGradients',
      (network: Classifier, body: () => unknown) => network.withoutParameterGradients(body),
      [0, 1, 0],
    ],
  ] as const

  const withNetwork = async (use: (network: Classifier) => Promise<void>) => {
    const network = await loadClassifier(session, { ...networkSpec('Mode'), tuning: { kind: 'full' } })
    try {
      await use(network)
    } finally {
      session.free(network)
      await session.flush()
    }
  }

  test.each(contexts)('%s does not outlive a failed program', (_name, within, inside) =>
    withNetwork(async network => {
      expect(await session.compute(() => within(network, () => modeOf(network)))).toEqual(inside)
      const failing = session.compute(() => within(network, fail))
      await rejectionOf(failing, PythonError)
      expect(await session.compute(() => modeOf(network))).toEqual(usual)
    }),
  )

  test('is left where its body throws', () =>
    withNetwork(async network => {
      const thrown = new Error('stop')
      const body = () => network.training(() => noGrad(session, () => raise(thrown)))
      expect(() => session.scope(body)).toThrow(thrown)
      expect(await session.compute(() => modeOf(network))).toEqual(usual)
    }))

  test('refuses a read inside, which would end the program, and the session continues', async () => {
    const { roundTrips } = session.counters
    const early = vector(1)
    let inner: Promise<unknown> | undefined
    noGrad(session, () => {
      inner = session.read(early)
    })
    await expect(inner).rejects.toThrow(new TypeError(
      'A context was open at a read, which ends the program. Read outside of it.',
    )) // biome-ignore format: one message
    expect(() => noGrad(session, () => session.read(early))).toThrow(
      new TypeError('The body of no_grad returned a promise. Record inside of it, and await outside.'),
    )
    expect(session.counters.roundTrips).toBe(roundTrips)
    expect(await session.read(early)).toEqual([1])
    session.free(early)
    await session.flush()
  })
})

function raise(error: Error): never {
  throw error
}
