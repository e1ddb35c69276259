import { expect, it } from 'vitest'
import { median } from '../../src/statistics/median'

it('is the middle value, or the mean of the middle two, in any order', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([8, 1, 2, 4])).toBe(3)
  expect(median([])).toBeNaN()
})
