import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutBatch, imagesPerUpdateOf } from '../../src/config/cut-batch'
import { ConfigError } from '../../src/errors'

describe('a batch that is cut into their own updates', () => {
  it('gives one update for each noise, and drops what is left over', () => {
    expect(cutBatch({ images: 10, noises: 4 })).toEqual({
      imagesPerUpdate: 2,
      updates: [[0, 1], [2, 3], [4, 5], [6, 7]],
      dropped: [8, 9],
    }) // biome-ignore format: places
  })

  it('has each image once', () => {
    const sizes = { images: fc.integer({ min: 0, max: 300 }), noises: fc.integer({ min: 1, max: 20 }) }
    fc.assert(
      fc.property(fc.record(sizes), size => {
        const { updates, dropped } = cutBatch(size)
        expect([...updates.flat(), ...dropped]).toEqual(Array.from({ length: size.images }, (_, i) => i))
        expect(dropped.length).toBeLessThan(size.noises)
      }),
    )
  })

  it('is refused where it is smaller than M', () => {
    expect(imagesPerUpdateOf({ images: 256, noises: 4 })).toBe(64)
    expect(() => imagesPerUpdateOf({ images: 2, noises: 4 })).toThrow(ConfigError)
    expect(() => imagesPerUpdateOf({ images: 2, noises: 4 })).toThrow(
      'A batch of 2 images cannot be cut into 4 updates, one for each noise. Give a batch of at least 4 images.',
    )
  })
})
