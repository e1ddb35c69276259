import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RadiusSearch } from '../../src/attack/search'

/** The radii that are tried where an attack succeeds from a radius on, and lands as far away. */
function radiiOf(search: RadiusSearch, { from, rounds }: { from: number; rounds: number }): number[] {
  const tried: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { next } = search
    if (next === undefined) break
    tried.push(next)
    search.observe(next, next >= from ? next : undefined)
  }
  return tried
}

it('doubles until an attack succeeds, then bisects', () => {
  const search = new RadiusSearch({ first: 1, largest: 8 })
  expect(radiiOf(search, { from: 2.7, rounds: 6 })).toEqual([1, 2, 4, 3, 2.5, 2.75])
  expect(search).toMatchObject({ failed: 2.5, found: 2.75 })
})

it('tries no radius that two images cannot have, and ends there', () => {
  const search = new RadiusSearch({ first: 1, largest: 3 })
  expect(radiiOf(search, { from: Number.POSITIVE_INFINITY, rounds: 20 })).toEqual([1, 2, 3])
})

it('continues from the length of what was found, which may be less than its radius', () => {
  const search = new RadiusSearch({ first: 1, largest: 8 })
  search.observe(1, 0.75)
  expect(search.next).toBe(0.375)
  search.observe(0.375, undefined)
  search.observe(0.5, 0.25)
  expect(search).toMatchObject({ failed: 0, found: 0.25, next: 0.125 })
})

it('closes in on the radius from which on attacks succeed, wherever that is', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 7, noNaN: true }), from => {
      const search = new RadiusSearch({ first: 1, largest: 8 })
      radiiOf(search, { from, rounds: 40 })
      expect(search.found).toBeGreaterThanOrEqual(from)
      expect(search.found).toBeLessThan(1.006 * from)
    }),
  )
})
