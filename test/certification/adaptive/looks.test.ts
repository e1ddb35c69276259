import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lookSchedule, roundUp } from '../../../src/certification/adaptive/looks'

describe('lookSchedule', () => {
  it('begins with 64 votes and grows by a tenth, in whole blocks, up to n', () => {
    // From 64 to 160 a tenth is at most one block; 1.1 · 160 = 176, 1.1 · 176 = 193.6, 1.1 · 208 = 228.8, ….
    expect(lookSchedule({ n: 500, block: 16 })).toEqual([
      64, 80, 96, 112, 128, 144, 160, 176, 208, 240, 272, 304, 336, 384, 432, 480, 500,
    ])
    expect(lookSchedule({ n: 110, block: 1 })).toEqual([64, 71, 79, 87, 96, 106, 110])
  })

  it.each([
    ['below the first look', 63, 16, [63]],
    ['the first look itself', 64, 16, [64]],
    ['above it by one', 65, 16, [64, 65]],
    ['a look itself', 96, 16, [64, 80, 96]],
    ['below one block', 300, 400, [300]],
    ['no whole number of blocks', 1000, 400, [400, 800, 1000]],
    ['one', 1, 1, [1]],
  ])('ends with n where n is %s', (_, n, block, looks) => {
    expect(lookSchedule({ n, block })).toEqual(looks)
  })

  it('has increasing looks, all whole blocks but n, no further apart than a tenth and a block', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 500 }), (n, block) => {
        const looks = lookSchedule({ n, block })
        expect(looks.at(-1)).toBe(n)
        looks.slice(0, -1).forEach((votes, k) => {
          const step = (looks[k + 1] as number) - votes
          expect(votes % block).toBe(0)
          expect(votes).toBeGreaterThanOrEqual(64)
          expect(step).toBeGreaterThan(0)
          expect(step).toBeLessThan(0.1 * votes + block + 1e-6)
        })
      }),
    )
  })
})

describe('roundUp', () => {
  it.each([
    [0, 16, 0],
    [1, 16, 16],
    [16, 16, 16],
    [16.01, 16, 32],
    [64, 100, 100],
  ])('of %d to blocks of %i is %i', (votes, block, rounded) => {
    expect(roundUp(votes, block)).toBe(rounded)
  })
})
