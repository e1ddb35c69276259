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
  tensor,
} from '../../src/torch'
import { withForkedPython } from '../support/forked-python'

let session: Session

beforeAll(async () => {
  session = await withForkedPython(() => connect({ device: 'cpu', threads: 1 }))
})

afterAll(() => session.close())

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

  test('of names that are alike in 32 bits differ', async () => {
    const { first, second } = await session.compute(() => ({
      first: noiseOf(generator(session, 0, 'certify', 6080, 'estimation')),
      second: noiseOf(generator(session, 0, 'certify', 45145, 'selection')),
    }))
    expect(first).not.toEqual(second)
  })

  test('in blocks depend on the number of the copy alone: in any order, in one call or in many', async () => {
    const name = [4, 'x']
    const { whole, parts, block } = await session.compute(() => {
      const noise = (start: number, count: number) =>
        noiseBlocks(zeros_B(3), { axis: 'N', name, start, count, block: 4 })
      return {
        whole: noise(0, 14),
        parts: [noise(9, 5), noise(3, 6), noise(0, 3)],
        block: randnCopies(zeros_B(3), { axis: 'N', count: 4, generator: generator(session, ...name, 2) }),
      }
    })
    expect(parts.reverse().flat()).toEqual(whole)
    expect(new Set(whole.flat()).size).toBe(42)
    expect(whole.slice(8, 12)).toEqual(block)
  })
})
