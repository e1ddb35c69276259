import { expect, it } from 'vitest'
import { ShapeError } from '../../../src'
import { filledUp } from '../../../src/objectives/ft-cadis/selection-tensors'

it('images are filled up with copies of themselves to the next size', () => {
  expect(filledUp([5], [4, 8])).toEqual([5, 5, 5, 5])
  expect(filledUp([0, 3, 7], [4, 8])).toEqual([0, 3, 7, 0])
  expect(filledUp([0, 1, 2, 3], [4, 8])).toEqual([0, 1, 2, 3])
  expect(filledUp([9, 1, 2, 3, 4], [4, 8])).toEqual([9, 1, 2, 3, 4, 9, 1, 2])
})

it('none, and more than the largest size, are refused', () => {
  expect(() => filledUp([], [4])).toThrow(ShapeError)
  expect(() => filledUp([1, 2, 3, 4, 5], [4])).toThrow('got 5 images, expected 1 to 4')
})
