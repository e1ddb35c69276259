import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, PlainHandle, type Session } from '../../src/bridge'
import { add, exp, expand, max, type Tensor, tensor } from '../../src/torch'
import { refuseLeaks } from './leaks'
import { hasProcessFiles, memoryOf } from './processes'
import { countLiveValues } from './support'

const MEGABYTE = 2 ** 20

let session: Session

beforeAll(async () => {
  session = await connect({ device: 'cpu', threads: 1 })
})

afterAll(() => session.close())

refuseLeaks(() => session)

const scalar = (value: number) => tensor(session, value, { axes: '' })

/** A tensor of float32 with its own memory. */
function tensorOf(bytes: number): Tensor<'N'> {
  return session.scope(() => add(expand(scalar(0), { axis: 'N', count: bytes / 4 }), 1))
}

/** Names that live on both sides; the count itself is not among them. */
async function countBoth(): Promise<[inTypeScript: number, inPython: number]> {
  const inTypeScript = session.liveTensors()
  return [inTypeScript, await session.compute(() => countLiveValues(session))]
}

describe('a scope', () => {
  test('frees what was made inside, on both sides, but for what it returns', async () => {
    const kept = session.scope(() => {
      const [first, second, third] = [scalar(1), scalar(2), scalar(3)]
      add(first, second)
      return { first, list: [second, { third, text: 'x' }], nothing: undefined }
    })
    expect(await countBoth()).toEqual([3, 3])
    expect(await session.read(kept)).toMatchObject({ first: 1, list: [2, { third: 3 }] })
    session.free(kept)
    await session.flush()
  })

  test('frees all of it on throw', async () => {
    const thrown = new Error('stop')
    expect(() =>
      session.scope(() => {
        session.scope(() => add(scalar(1), 1))
        scalar(2)
        throw thrown
      }),
    ).toThrow(thrown)
    expect(await countBoth()).toEqual([0, 0])
  })

  test('hands what it returns to the scope around it', async () => {
    const outermost = session.scope(() => {
      const fromInner = session.scope(() => {
        const fromInnermost = session.scope(() => [scalar(1), scalar(2)] as const)
        expect(session.liveTensors()).toBe(2)
        return fromInnermost[1]
      })
      expect(session.liveTensors()).toBe(1)
      scalar(3)
      return fromInner
    })
    expect(await countBoth()).toEqual([1, 1])
    expect(await session.read(outermost)).toBe(2)
    session.free(outermost)
    await session.flush()
  })

  test('leaves alone what was made outside of it', async () => {
    const outside = scalar(1)
    const returned = session.scope(() => outside)
    expect(returned).toBe(outside)
    session.scope(() => {
      add(outside, 1)
    })
    expect(await countBoth()).toEqual([1, 1])
    session.free(outside)
    await session.flush()
  })

  test('refuses a body that returns a promise, and frees what it made', async () => {
    let later: Tensor<''> | undefined
    const body = async () => {
      const early = scalar(1)
      await Promise.resolve()
      later = add(early, 1)
    }
    expect(() => session.scope(body)).toThrow(new TypeError(
      'The body of scope returned a promise. Record inside of it, and await outside.',
    )) // biome-ignore format: one message
    await new Promise(resolve => setImmediate(resolve))
    expect(later).toBeUndefined()
    expect(await countBoth()).toEqual([0, 0])
  })
})

describe('a freed handle', () => {
  const freed = () => {
    const handle = scalar(1)
    session.free(handle)
    return handle
  }
  const refusal = (what: string) =>
    new TypeError(
      `${what} takes a value that was freed. Return it from the scope that made it, or keep it outside of one.`,
    )

  test('cannot be read, and nothing is sent', async () => {
    const { roundTrips } = session.counters
    await expect(session.read({ value: freed() })).rejects.toThrow(refusal('read'))
    await expect(session.compute(freed)).rejects.toThrow(refusal('read'))
    expect(session.counters.roundTrips).toBe(roundTrips)
  })

  test('cannot be taken by an operation', () => {
    expect(() => add(freed(), 1)).toThrow(refusal('add'))
    expect(() => session.perform('backward', [freed()])).toThrow(refusal('backward'))
  })

  test('can be freed again, which does nothing', async () => {
    const [handle, other] = [freed(), scalar(2)]
    session.free([handle, handle])
    expect(await countBoth()).toEqual([1, 1])
    session.free(other)
    await session.flush()
  })

  test('a refused operation loses none of the frees of what else it takes', async () => {
    const alive = scalar(1)
    await session.flush()
    expect(() => add(alive, freed())).toThrow(TypeError)
    session.free(alive)
    expect(await countBoth()).toEqual([0, 0])
  })
})

test('a handle of another session is refused', async () => {
  const own = scalar(5)
  const foreign = new PlainHandle<number>(Object.create(Object.getPrototypeOf(session)), own.id)
  const refusal = /takes a value of another session/
  await expect(session.read(foreign)).rejects.toThrow(refusal)
  expect(() => session.perform('backward', [foreign])).toThrow(refusal)
  session.scope(() => foreign)
  session.free(foreign)
  expect(await session.read(own)).toBe(5)
  session.free(own)
  await session.flush()
})

describe('the life of a value in Python', () => {
  test('ends right after its last use, inside of the program', async () => {
    const countsOf = async (lifetime: 'short' | 'long') => {
      const early = scalar(0)
      const counts = session.compute(() => {
        const whileUsed = countLiveValues(session)
        const result = exp(early)
        const afterUse = countLiveValues(session)
        if (lifetime === 'short') session.free(early)
        return { result, whileUsed, afterUse }
      })
      session.free(early)
      return counts
    }
    // A count sees the counts before it.
    expect(await countsOf('long')).toEqual({ result: 1, whileUsed: 1, afterUse: 3 })
    expect(await countsOf('short')).toEqual({ result: 1, whileUsed: 1, afterUse: 2 })
  })

  test('ends with a free that travels in the next program', async () => {
    const handle = scalar(1)
    await session.flush()
    session.free(handle)
    expect(session.liveTensors()).toBe(0)
    expect(await session.compute(() => countLiveValues(session))).toBe(0)
  })

  test.runIf(hasProcessFiles)(
    'does not end with the program: a chain needs the memory of two of its links',
    async () => {
      const highest = () => memoryOf(session.pid, 'VmHWM')
      const chain = (links: number) =>
        session.compute(() => {
          let value = tensorOf(8 * MEGABYTE)
          for (let link = 0; link < links; link++) value = exp(value)
          return max(value)
        })
      await chain(2)
      const before = await highest()
      await chain(50)
      expect((await highest()) - before).toBeLessThan(40 * MEGABYTE)
    },
  )

  test.runIf(hasProcessFiles)('10,000 tensors later, counts and memory are flat', async () => {
    const step = () =>
      session.compute(() => {
        const tensors = Array.from({ length: 100 }, () => tensorOf(64 * 1024))
        return max(tensors.reduce((total, next) => add(total, next)))
      })
    for (let warmUp = 0; warmUp < 10; warmUp++) await step()
    const counts = await countBoth()
    const memory = await memoryOf(session.pid, 'VmRSS')
    for (let repetition = 0; repetition < 100; repetition++) expect(await step()).toBe(100)
    expect(await countBoth()).toEqual(counts)
    // One leaked tensor in ten would be 64 MB.
    expect((await memoryOf(session.pid, 'VmRSS')) - memory).toBeLessThan(16 * MEGABYTE)
  })
})

test('answers are not kept', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const used = () => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const values_N = tensorOf(400_000)
  await session.read(values_N)
  const before = used()
  // Each answer is a text of 400 kB.
  for (let read = 0; read < 60; read += 1) await session.read(values_N)
  expect(used() - before).toBeLessThan(5 * MEGABYTE)
  session.free(values_N)
  await session.flush()
})
