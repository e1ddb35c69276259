import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/errors'
import { formatIndices, imagePlan, parseIndices, planDigest } from '../../src/logs/image-plan'

describe('formatIndices', () => {
  it.each([
    [[], ''],
    [[5], '5'],
    [[0, 1, 2, 3], '0-3'],
    [[0, 20, 40], '0-40/20'],
    [[9, 8, 7], '9-7/-1'],
    [[3, 17, 4, 5, 6], '3,17,4-6'],
    [[1, 3, 4, 5], '1,3-5'],
    [[7, 7, 7], '7,7,7'],
  ])('writes %j as %s', (indices, text) => {
    expect(formatIndices(indices)).toBe(text)
  })

  it('is read back as it was, in few characters where there is a rule', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40)), indices => {
        expect(parseIndices(formatIndices(indices))).toEqual(indices)
      }),
    )
    const all = Array.from({ length: 10_000 }, (_, index) => index)
    expect(formatIndices(all)).toBe('0-9999')
  })

  it.each(['0-999999999999999', `${'0-9999999,'.repeat(100)}0`])(
    '%.20s has more images than any data',
    text => {
      expect(() => parseIndices(text)).toThrow(/has more than 20000000 images/)
    },
  )

  it.each(['a', '1-', '3-1', '0-5/2', '1,,2', '-1'])('%s is refused', text => {
    expect(() => parseIndices(text)).toThrow(DataError)
    expect(() => parseIndices(text)).toThrow(/A list of images has the part/)
  })
})

it('a plan says how many images there are, and its digest depends on their order', () => {
  expect(imagePlan([4, 2])).toEqual({ count: 2, images: '4,2' })
  expect(planDigest([4, 2])).toMatch(/^[0-9a-f]{64}$/)
  expect(planDigest([4, 2])).not.toBe(planDigest([2, 4]))
  expect(planDigest([42])).not.toBe(planDigest([4, 2]))
})
