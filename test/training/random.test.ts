import { expect, it } from 'vitest'
import { randomNumbers } from '../../src/training/random'

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
  // The reference of mulberry32 in integers of Python, from the 32 low bits of the name's seed.
  const reference = [3362278050, 1664674113, 3046909822, 1793920225, 3790843672]
  expect(own).toEqual(reference.map(bits => bits / 2 ** 32))
})

it('is another stream for another name, and numbers are no text', () => {
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
