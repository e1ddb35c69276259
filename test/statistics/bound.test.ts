import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors'
import { gaussianBound } from '../../src/statistics/bound'

describe('gaussianBound', () => {
  it('is proportional to sigma, 0 at probability 1/2 and antisymmetric around it', () => {
    const [one, two] = [gaussianBound(1), gaussianBound(2)]
    expect(gaussianBound(3).radius(0.5)).toBe(0)
    expect(two.radius(0.9)).toBe(2 * one.radius(0.9))
    expect(one.radius(0.25)).toBeCloseTo(-one.radius(0.75), 15)
    expect(one.radius(0.975)).toBeCloseTo(1.959963984540054, 14)
  })

  it('is half of the distance between two probabilities, as without the second one for all the rest', () => {
    const { radius } = gaussianBound(0.5)
    // Φ⁻¹(0.975) and Φ⁻¹(0.9).
    expect(radius(0.975, 0.9)).toBeCloseTo(0.25 * (1.959963984540054 - 1.2815515655446004), 14)
    expect(radius(0.9, 0.1)).toBeCloseTo(radius(0.9), 15)
    expect(radius(0.3, 0.4)).toBeLessThan(0)
  })

  it('names the least probability with a radius, to the last bit', () => {
    const { radius, top } = gaussianBound(0.5)
    expect(top(0)).toBe(0.5)
    expect(top(0.5)).toBeCloseTo(0.841344746068543, 14)
    // Beyond what a double below 1 can show.
    expect(top(100)).toBe(1)
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2, noNaN: true }), wanted => {
        const least = top(wanted)
        expect(radius(least)).toBeGreaterThanOrEqual(wanted)
        expect(radius(least - Number.EPSILON / 2)).toBeLessThanOrEqual(radius(least))
        expect(radius(least) - wanted).toBeLessThan(1e-10)
      }),
    )
  })

  it.each<[string, () => unknown, RegExp]>([
    ['sigma 0', () => gaussianBound(0), /sigma must .* got 0\./],
    ['a negative sigma', () => gaussianBound(-1), /sigma must .* got -1\./],
    ['an infinite sigma', () => gaussianBound(Number.POSITIVE_INFINITY), /sigma must .* got Infinity/],
    ['probability 1', () => gaussianBound(0.5).radius(1), /probability must .* got 1\./],
    ['probability 0', () => gaussianBound(0.5).radius(0), /probability must .* got 0\./],
    ['probability 0 of the others', () => gaussianBound(0.5).radius(0.9, 0), /probability must .* got 0\./],
  ])('refuses %s', (_what, call, message) => {
    expect(call).toThrow(ConfigError)
    expect(call).toThrow(message)
  })
})
