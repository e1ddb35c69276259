import { InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import { parseImageSize, parseNumber } from '../../src/cli/option-values'

test.each([
  ['0.75', {}, 0.75],
  ['-3', {}, -3],
  ['1e3', { min: 1, integer: true }, 1000],
  ['0', { min: 0, max: 1 }, 0],
  ['1', { min: 0, max: 1 }, 1],
])('%s in %o is %d', (text, range, value) => {
  expect(parseNumber(range)(text)).toBe(value)
})

test.each([
  ['', {}, 'Expected a number.'],
  [' ', {}, 'Expected a number.'],
  ['abc', {}, 'Expected a number.'],
  ['NaN', {}, 'Expected a number.'],
  ['Infinity', {}, 'Expected a number.'],
  ['0.75x', { min: 0 }, 'Expected a number of at least 0.'],
  ['2', { max: 1 }, 'Expected a number of at most 1.'],
  ['-0.1', { min: 0, max: 1 }, 'Expected a number from 0 to 1.'],
  ['2.5', { min: 1, integer: true }, 'Expected a whole number of at least 1.'],
])('%j in %o is refused', (text, range, message) => {
  expect(() => parseNumber(range)(text)).toThrow(new InvalidArgumentError(message))
})

test.each<[string, unknown]>([
  ['64', 64],
  ['48x64', [48, 64]],
  ['48X64', [48, 64]],
  ['64x64', 64],
])('%s is a size of images', (text, size) => {
  expect(parseImageSize(text)).toEqual(size)
})

test.each(['', 'x', '64x', 'x64', '0', '0x4', '-1', '1.5', '1e3', '48x64x3', '48*64', '10001', '8x10001'])(
  '%j is not a size of images',
  text => {
    expect(() => parseImageSize(text)).toThrow(InvalidArgumentError)
    expect(() => parseImageSize(text)).toThrow(/such as 64, or height and width, such as 48x64/)
  },
)
