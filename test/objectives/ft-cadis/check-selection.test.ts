import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../../src/errors'
import { checkSelection } from '../../../src/objectives/ft-cadis/check-selection'
import type { Selection } from '../../../src/objectives/ft-cadis/select-images'

/** M = 2, B = 3. */
const SHAPE = { noises: 2, images: 3, rule: 'mine' }
const GOOD: Selection = {
  weights: [
    [1, 0, 0.5],
    [1, 1, 0],
  ],
  attacked: [2, 0],
  keptCounts: [2, 1, 0],
}
const row = [1, 1, 1]

const check = (change: object) => () => checkSelection({ ...GOOD, ...change }, SHAPE)

describe('checkSelection', () => {
  it('accepts a selection that fits, weights of any size and images in any order', () => {
    expect(check({})).not.toThrow()
    expect(check({ attacked: [], keptCounts: [0, 0, 0], weights: [[-2, 1e9, 0], row] })).not.toThrow()
    const none = { weights: [[], []], attacked: [], keptCounts: [] }
    expect(() => checkSelection(none, { ...SHAPE, images: 0 })).not.toThrow()
  })

  it.each<[object, string]>([
    [{ weights: undefined }, 'weights: expected a row for each of M = 2 noises, got undefined.'],
    [{ weights: [row] }, 'weights: expected a row for each of M = 2 noises, got 1 rows.'],
    [{ weights: [row, [1, 1]] }, 'weights[1]: expected a weight for each of B = 3 images, got 2 weights.'],
    [{ weights: [7, row] }, 'weights[0]: expected a weight for each of B = 3 images, got 7.'],
    [{ weights: [row, [1, Number.NaN, 1]] }, 'weights[1][1]: expected a finite number, got NaN.'],
    [{ weights: [row, [1, 1, '1']] }, 'weights[1][2]: expected a finite number, got 1.'],
    [{ weights: [[1, undefined, 1], row] }, 'weights[0][1]: expected a finite number, got undefined.'],
    [{ attacked: 1 }, 'attacked: expected a list of images, got 1.'],
    [{ attacked: [0, 3] }, 'attacked[1]: expected an image from 0 to 2, got 3.'],
    [{ attacked: [-1] }, 'attacked[0]: expected an image from 0 to 2, got -1.'],
    [{ attacked: [0.5] }, 'attacked[0]: expected an image from 0 to 2, got 0.5.'],
    [{ attacked: [1, 0, 1] }, 'attacked[2]: expected each image once, got 1 again.'],
    [{ keptCounts: null }, 'keptCounts: expected a count for each of B = 3 images, got null.'],
    [{ keptCounts: [0, 0] }, 'keptCounts: expected a count for each of B = 3 images, got 2 counts.'],
    [{ keptCounts: [0, 3, 0] }, 'keptCounts[1]: expected an integer from 0 to M = 2, got 3.'],
    [{ keptCounts: [0, 0, -1] }, 'keptCounts[2]: expected an integer from 0 to M = 2, got -1.'],
    [{ keptCounts: [0.5, 0, 0] }, 'keptCounts[0]: expected an integer from 0 to M = 2, got 0.5.'],
    [{ keptCounts: [0, Number.NaN, 0] }, 'keptCounts[1]: expected an integer from 0 to M = 2, got NaN.'],
  ])('refuses %j', (change, message) => {
    expect(check(change)).toThrow(ShapeError)
    expect(check(change)).toThrow(`The selection rule mine returned ${message} Return weights as [M][B]`)
  })

  it.each([undefined, null, 3, 'text', Promise.resolve(GOOD)])('refuses %s in place of one', answer => {
    expect(() => checkSelection(answer as unknown as Selection, SHAPE)).toThrow(
      'The selection rule mine returned weights: expected a row for each of M = 2 noises, got undefined.',
    )
  })
})
