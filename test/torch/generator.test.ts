import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Session } from '../../src/bridge'
import {
  expand,
  type Generator,
  generator,
  noiseBlocks,
  randint,
  randnCopies,
  randnLike,
  streamSeed,
  tensor,
} from '../../src/torch'

let session: Session

beforeAll(async () => {
  session = await connect({ device: 'cpu', threads: 1 })
})

afterAll(() => session.close())

describe('streamSeed', () => {
  test('is the start of the SHA-256 of the name', () => {
    // python3 -c 'import hashlib; print(int.from_bytes(hashlib.sha256(b"[0,\"certify\",7]").digest()[:8], "big") >> 12)'
    expect(streamSeed(0, 'certify', 7)).toBe(3248012115246031)
  })

  test('is a whole number that JSON and torch hold, and tells names apart', () => {
    const name = fc.array(fc.oneof(fc.integer(), fc.string()), { maxLength: 4 })
    fc.assert(
      fc.property(name, name, (first, second) => {
        expect(Number.isSafeInteger(streamSeed(...first))).toBe(true)
        expect(streamSeed(...first) === streamSeed(...second)).toBe(
          JSON.stringify(first) === JSON.stringify(second),
        )
      }),
    )
  })

  test.each([
    [
      ['1', 2],
      [1, 2],
    ],
    [
      ['ab', 'c'],
      ['a', 'bc'],
    ],
    [[1], [1, '']],
  ])('%j is another name than %j', (first, second) => {
    expect(streamSeed(...first)).not.toBe(streamSeed(...second))
  })
})

describe('draws', () => {
  const zeros_B = (count: number) => expand(tensor(session, 0, { axes: '' }), { axis: 'B', count })
  const noiseOf = (stream: Generator) => randnLike(zeros_B(4), stream)

  test('depend on the name of their stream alone, not on other draws or their order', async () => {
    const { alone, mixed, again, other } = await session.compute(() => {
      const alone = noiseOf(generator(session, 1, 'a'))
      const [first, second] = [generator(session, 1, 'b'), generator(session, 1, 'a')]
      const other = noiseOf(first)
      const mixed = noiseOf(second)
      return { alone, other, mixed, again: noiseOf(second) }
    })
    expect(mixed).toEqual(alone)
    expect(other).not.toEqual(alone)
    expect(again).not.toEqual(alone)
  })

  test('are standard normal', async () => {
    const noise = await session.compute(() =>
      randnCopies(zeros_B(2), { axis: 'M', count: 10_000, generator: generator(session, 2) }),
    )
    const flat = noise.flat()
    const mean = flat.reduce((sum, value) => sum + value) / flat.length
    const variance = flat.reduce((sum, value) => sum + (value - mean) ** 2, 0) / flat.length
    // Five standard errors.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(flat.length))
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / flat.length))
  })

  test('of whole numbers are evenly spread below their limit', async () => {
    const drawn = await session.compute(() =>
      randint(zeros_B(4000), 'B', { below: 4, generator: generator(session, 3) }),
    )
    const counts = [0, 1, 2, 3].map(number => drawn.filter(value => value === number).length)
    expect(counts.reduce((sum, count) => sum + count)).toBe(4000)
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(750))
  })

  test('in blocks do not depend on how the copies are split over calls', async () => {
    const { whole, parts } = await session.compute(() => {
      const noise = (count: number, stream: Generator) =>
        noiseBlocks(zeros_B(3), { axis: 'N', count, block: 4, generator: stream })
      const whole = generator(session, 4)
      const split = generator(session, 4)
      return { whole: noise(14, whole), parts: [noise(4, split), noise(8, split), noise(2, split)] }
    })
    expect(parts.flat()).toEqual(whole)
    expect(new Set(whole.flat()).size).toBe(42)
  })
})
