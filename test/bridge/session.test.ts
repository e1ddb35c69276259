import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { connect, type Session } from '../../src/bridge'
import { DataError, PythonError } from '../../src/errors'
import { add, tensor } from '../../src/torch'
import { refuseLeaks } from './leaks'
import { recordPlain, rejectionOf } from './support'

let session: Session

beforeAll(async () => {
  session = await connect({ device: 'cpu', threads: 1 })
})

afterAll(() => session.close())

refuseLeaks(() => session)

const scalar = (value: number) => tensor(session, value, { axes: '', dtype: 'float64' })

describe('a program', () => {
  test('one message carries any number of operations, and one answer comes back', async () => {
    const { roundTrips, instructions } = session.counters
    const total = await session.compute(() => {
      let total = scalar(0)
      for (let step = 1; step <= 1000; step++) total = add(total, step)
      return total
    })
    expect(total).toBe(500_500)
    expect(session.counters.roundTrips - roundTrips).toBe(1)
    expect(session.counters.instructions - instructions).toBe(1001)
  })

  test('recording talks to nobody: an operation that cannot work fails at the read', async () => {
    const { roundTrips } = session.counters
    session.perform('no_such_operation', [])
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(session.counters.roundTrips).toBe(roundTrips)
    await rejectionOf(session.flush(), PythonError)
    expect(session.counters.roundTrips).toBe(roundTrips + 1)
  })

  test('20,000 instructions', async () => {
    const total = await session.compute(() => {
      let total = scalar(0)
      for (let step = 0; step < 20_000; step++) total = add(total, 1)
      return total
    })
    expect(total).toBe(20_000)
  })

  test('a million numbers, there and back', async () => {
    const sent = Array.from({ length: 1_000_000 }, (_, index) => Math.sin(index))
    const received = await session.compute(() => tensor(session, sent, { axes: 'N', dtype: 'float64' }))
    expect(received.length).toBe(1_000_000)
    expect(received.every((value, index) => value === sent[index])).toBe(true)
  })

  test('strings of any characters', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-Größe 日本語 🐍 '))
    try {
      const opened = session.compute(() => openFolder(folder))
      expect((await rejectionOf(opened, DataError)).message).toContain(`'${folder}' holds no class folders`)
    } finally {
      await rm(folder, { recursive: true })
    }
    const codeUnits = fc.array(fc.integer({ min: 1, max: 0xffff }), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(codeUnits, async units => {
        const name = String.fromCharCode(...units).replaceAll(/[/.]/g, '')
        const { message } = await rejectionOf(
          session.compute(() => openFolder(`/none/"${name}`)),
          DataError,
        )
        expect(message).toContain(`'/none/"${name}' does not exist`)
      }),
      { numRuns: 50, examples: [[[10, 13, 0x2028, 92, 34, 0xd800]]] },
    )
  })

  const openFolder = (path: string) =>
    recordPlain<never>(session, 'open_dataset', { spec: { source: 'folder', split: 'train', path } })
})

describe('a read', () => {
  test('answers in the structure that it is asked in', async () => {
    const answer = await session.compute(() => {
      const one = scalar(1)
      const nested = tensor(session, [[1, 2], [3, 4]], { axes: 'MB' }) // biome-ignore format: a matrix
      return { one, list: [one, { nested }] as const, text: 'as it is', nothing: null }
    })
    const nested = [[1, 2], [3, 4]] // biome-ignore format: a matrix
    expect(answer).toEqual({ one: 1, list: [1, { nested }], text: 'as it is', nothing: null })
    expectTypeOf(answer).toEqualTypeOf<{
      one: number
      list: readonly [number, { readonly nested: number[][] }]
      text: string
      nothing: null
    }>()
  })

  test('reads in flight are answered in order, each with its own values', async () => {
    const order: number[] = []
    const reads = Array.from({ length: 20 }, async (_, index) => {
      // The first are the slowest.
      const value = await session.compute(() => {
        let value = scalar(index)
        for (let step = 0; step < (20 - index) * 20; step++) value = add(value, 1)
        return value
      })
      order.push(index)
      return value
    })
    expect(await Promise.all(reads)).toEqual(reads.map((_, index) => index + (20 - index) * 20))
    expect(order).toEqual(reads.map((_, index) => index))
  })

  test('a later program sees what an earlier one made, without waiting for it', async () => {
    const first = scalar(1)
    const { roundTrips } = session.counters
    const reads = [session.read(first), session.compute(() => add(first, 1))]
    session.free(first)
    expect(session.counters.roundTrips).toBe(roundTrips)
    expect(await Promise.all(reads)).toEqual([1, 2])
  })
})

/** Attributes are never walked, and nothing is called by name: an instruction names an entry of one table. */
describe('the allow-list', () => {
  test.each(['__import__', 'eval', 'exec', 'os.system', 'torch.load', 'OPERATIONS', 'get', '__class__', ''])(
    'refuses %j',
    async operation => {
      session.perform(operation, [], { name: 'os' })
      const error = await rejectionOf(session.flush(), PythonError)
      expect(error).toMatchObject({
        pythonType: 'LookupError',
        pythonMessage: `Unknown operation '${operation}'.`,
      })
    },
  )

  test('refuses names that reach for what Python has, and any others', async () => {
    const words = [
      'open',
      'compile',
      'getattr',
      'globals',
      'breakpoint',
      'system',
      'load',
      'run',
      'start',
      'builtins',
    ]
    const reach = fc
      .tuple(
        fc.constantFrom('', 'os.', 'builtins.', 'torch.', 'host.', '__globals__.', 'exp.', 'exp\0'),
        fc.constantFrom('', '__', '_', ' '),
        fc.constantFrom(...words),
      )
      .map(([from, lead, word]) => `${from}${lead}${word}${lead}`)
    const others = fc.string({ unit: 'grapheme' }).filter(name => !/^\w+$/.test(name))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(reach, others),
        fc.dictionary(fc.string(), fc.string()),
        async (name, given) => {
          session.perform(name, [], given)
          const error = await rejectionOf(session.flush(), PythonError)
          expect(error).toMatchObject({ pythonType: 'LookupError', operation: name })
        },
      ),
      { numRuns: 200 },
    )
  })
})
