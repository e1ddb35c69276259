import { expect, test } from 'vitest'
import { median, medianInterval, quantile } from '../../bench/statistics'

test.each([
  [[3, 1, 2], 0.5, 2],
  [[4, 1, 2, 3], 0.5, 2.5],
  [[1, 2, 3, 4, 5], 0, 1],
  [[1, 2, 3, 4, 5], 1, 5],
  [[10, 20], 0.25, 12.5],
  [[7], 0.9, 7],
  [[], 0.5, Number.NaN],
])('the quantile of %j at %d is %d', (values, share, expected) => {
  expect(quantile(values, share)).toBe(expected)
})

test('the median leaves its argument as it was', () => {
  const values = [3, 1, 2]
  expect(median(values)).toBe(2)
  expect(values).toEqual([3, 1, 2])
})

test('the interval of equal values is a point', () => {
  expect(medianInterval([1.5, 1.5, 1.5])).toEqual({ lower: 1.5, upper: 1.5 })
})

test('the interval holds the median, narrows with more values, and is the same every time', () => {
  const few = Array.from({ length: 20 }, (_, index) => (index * 7) % 20)
  const many = Array.from({ length: 2000 }, (_, index) => few[index % 20] ?? 0)
  const [wide, narrow] = [medianInterval(few), medianInterval(many)]
  expect(wide.lower).toBeLessThan(median(few))
  expect(wide.upper).toBeGreaterThan(median(few))
  expect(narrow.upper - narrow.lower).toBeLessThan((wide.upper - wide.lower) / 3)
  expect(medianInterval(few)).toEqual(wide)
})

test('the interval of the median of 100 uniform values is as wide as theory says', () => {
  // The standard error of the median of n uniform values on [0, 1] is about 1 / (2 √n); 95 % are ± 1.96 of it.
  const values = Array.from({ length: 100 }, (_, index) => (index + 0.5) / 100)
  const { lower, upper } = medianInterval(values)
  expect(upper - lower).toBeGreaterThan(0.15)
  expect(upper - lower).toBeLessThan(0.25)
})
