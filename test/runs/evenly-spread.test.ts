import { expect, it } from 'vitest'
import { evenlySpread } from '../../src/runs/evenly-spread'

it.each([
  [10, 5, [0, 2, 4, 6, 8]],
  [597, 6, [0, 99, 199, 298, 398, 497]],
  [3, 5, [0, 1, 2]],
  [0, 5, []],
  [4, undefined, [0, 1, 2, 3]],
])('of %d positions %d are %j', (length, count, positions) => {
  expect(evenlySpread(length, count)).toEqual(positions)
})
