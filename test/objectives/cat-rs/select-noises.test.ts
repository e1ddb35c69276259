import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawBinomial, selectNoises, voteShares } from '../../../src/internal'

describe('the selection of CAT-RS', () => {
  it('keeps the k smallest cross-entropies, at least one, and attacks where that is all', () => {
    const crossEntropy = [
      [3, 1, 2, 0.5],
      [1, 2, 2, 0.1],
      [2, 3, 1, 0.2],
    ]
    expect(selectNoises(crossEntropy, [2, 0, 1, 3])).toEqual({
      keptCounts: [2, 1, 1, 3],
      weights: [
        [0, 1, 0, 1],
        [1, 0, 0, 1],
        [1, 0, 1, 1],
      ],
      attacked: [3],
    })
  })

  it('takes the first of equal cross-entropies, and NaN last', () => {
    expect(selectNoises([[Number.NaN, 1], [5, 1]], [1, 1]).weights).toEqual([
      [0, 1],
      [1, 0],
    ]) // biome-ignore format: a matrix
  })

  it('has weights that add up to k', () => {
    const cases = fc.integer({ min: 1, max: 6 }).chain(noises =>
      fc.record({
        crossEntropy: fc.array(fc.array(fc.double(), { minLength: 3, maxLength: 3 }), {
          ...{ minLength: noises, maxLength: noises },
        }),
        draws: fc.array(fc.integer({ min: 0, max: noises }), { minLength: 3, maxLength: 3 }),
      }),
    )
    fc.assert(
      fc.property(cases, ({ crossEntropy, draws }) => {
        const { weights, keptCounts } = selectNoises(crossEntropy, draws)
        for (const [image, kept] of keptCounts.entries()) {
          expect(weights.reduce((sum, row) => sum + (row[image] ?? Number.NaN), 0)).toBe(kept)
        }
      }),
    )
  })
})

describe('the confidence', () => {
  it('is the share of noises that give the label', () => {
    expect(voteShares([[true, false], [true, true], [false, true], [true, false]])).toEqual([0.75, 0.5]) // biome-ignore format: a matrix
  })

  it('becomes a draw: as many numbers below it as there are', () => {
    const numbers = [0.1, 0.5, 0.2, 0.9].values()
    expect(drawBinomial(4, 0.5, () => numbers.next().value ?? Number.NaN)).toBe(2)
    expect(drawBinomial(4, 0, () => 0)).toBe(0)
    expect(drawBinomial(4, 1, () => 0.999_999)).toBe(4)
  })
})
