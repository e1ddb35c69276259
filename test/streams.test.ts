import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../src/errors'
import { randomNumbers, streamBlocks, streamKey } from '../src/streams'

describe('a stream', () => {
  it('has the bytes that Python gives it: SHA-256 of its name in counter mode', () => {
    const next = streamBlocks([0, 'certify', 7, 'é'])
    // test/python/test_streams.py has the same.
    const first = 'a39f3501d27172e2fd71ae450ce1070e35fc40c3b9deb16ecd4e37de929babaa13922278cf333b35'
    expect(Buffer.concat([next(), next()]).toString('hex').slice(0, first.length)).toBe(first)
  })

  it('tells names apart', () => {
    const name = fc.array(fc.oneof(fc.integer(), fc.string({ unit: 'binary' })), { maxLength: 4 })
    fc.assert(
      fc.property(name, name, (first, second) => {
        expect(streamKey(first).equals(streamKey(second))).toBe(
          JSON.stringify(first) === JSON.stringify(second),
        )
      }),
    )
  })

  it.each([
    [
      ['1', 2],
      [1, 2],
    ],
    [
      ['ab', 'c'],
      ['a', 'bc'],
    ],
    [[1], [1, '']],
  ])('named %j is another one than %j', (first, second) => {
    expect(streamKey(first)).not.toEqual(streamKey(second))
  })

  it.each([0.5, Number.NaN, 2 ** 53, '\ud800'])(
    'is not named by %j, which Python would write otherwise',
    part => {
      expect(() => streamKey([0, part])).toThrow(ConfigError)
    },
  )
})

const first = (count: number, ...name: (string | number)[]) => {
  const random = randomNumbers(...name)
  return Array.from({ length: count }, () => random())
}

it('depends on the name alone: the same in any order of calls and in any process', () => {
  const own = first(5, 7, 'train', 1, 2, 0, 'decide')
  const [one, other] = [randomNumbers(7, 'train', 1, 2, 0, 'decide'), randomNumbers('other')]
  const between = own.map(() => {
    other()
    return one()
  })
  expect(between).toEqual(own)
  // The 64-bit words of SHA-256(key, 0) and SHA-256(key, 1) by Python's hashlib, without their 11 low bits.
  const reference = [2176090276050970, 4633615914238676, 7380138733371757, 3642501888595274, 6240318005714551]
  expect(own).toEqual(reference.map(bits => bits / 2 ** 53))
})

it('is another stream for another name, and numbers are not text', () => {
  const names = [['a'], ['b'], ['a', 0], ['a', 1], ['a', '1'], [0, 'a'], [1, 2], [12]]
  expect(new Set(names.map(name => first(4, ...name).join())).size).toBe(names.length)
})

it('is uniform in [0, 1), within a stream and over streams', () => {
  const bins = 16
  const perBin = 1000
  const within = first(bins * perBin, 'uniform')
  const over = Array.from({ length: bins * perBin }, (_, index) => first(1, 'uniform', index)[0] ?? -1)
  for (const numbers of [within, over]) {
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...numbers)).toBeLessThan(1)
    const counts = Array<number>(bins).fill(0)
    for (const number of numbers)
      counts[Math.floor(bins * number)] = (counts[Math.floor(bins * number)] ?? 0) + 1
    // Chi-squared with 15 degrees of freedom is above 44.3 once in 10,000 times.
    const chiSquared = counts.reduce((total, count) => total + (count - perBin) ** 2 / perBin, 0)
    expect(chiSquared).toBeLessThan(44.3)
    // And neighbours have nothing to do with each other.
    const mean = numbers.reduce((total, number) => total + number, 0) / numbers.length
    const products = numbers.slice(1).map((number, index) => (number - mean) * ((numbers[index] ?? 0) - mean))
    const covariance = products.reduce((total, product) => total + product, 0) / products.length
    expect(Math.abs(12 * covariance)).toBeLessThan(4 / Math.sqrt(products.length))
  }
})
