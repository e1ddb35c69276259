import { describe, expect, it } from 'vitest'
import { gaussianBound } from '../../src/statistics/bound'
import { decideRouter, expertsAsked, type RouterRule, requireRouter } from '../../src/statistics/router'

const small = gaussianBound(0.25)
const large = gaussianBound(1)
const rule = (agreement = 0): RouterRule => ({
  ...{ router: gaussianBound(0.5), experts: [small, large], agreement },
})
const choice = (candidate: number, lowerBound: number) => ({ candidate, lowerBound })

describe('a router', () => {
  it('asks the expert that it chooses, and all where it abstains or is less certain than is wanted', () => {
    expect(expertsAsked(choice(1, 0.9), rule())).toEqual([1])
    expect(expertsAsked(choice(1, 0.5), rule())).toEqual([1])
    expect(expertsAsked(choice(1, 0.499), rule())).toEqual([0, 1])
    const radius = gaussianBound(0.5).radius(0.9)
    expect(expertsAsked(choice(1, 0.9), rule(radius))).toEqual([1])
    expect(expertsAsked(choice(1, 0.9), rule(radius + 1e-9))).toEqual([0, 1])
  })

  it('states the class of the expert within the smaller radius', () => {
    const far = { kind: 'certified', class: 7, radius: gaussianBound(0.5).radius(0.9) }
    expect(decideRouter(choice(1, 0.9), [choice(7, 0.99)], rule())).toEqual(far)
    const near = { kind: 'certified', class: 7, radius: small.radius(0.8) }
    expect(decideRouter(choice(0, 0.9), [choice(7, 0.8)], rule())).toEqual(near)
    expect(decideRouter(choice(0, 0.9), [choice(7, 0.49)], rule())).toEqual({ kind: 'abstains' })
  })

  it('states what all experts agree on, within the smallest of their radii', () => {
    const all = (first: number, second: number) => [choice(first, 0.8), choice(second, 0.9)]
    const agreed = { kind: 'certified', class: 3, radius: small.radius(0.8) }
    expect(decideRouter(choice(1, 0.4), all(3, 3), rule())).toEqual(agreed)
    expect(decideRouter(choice(1, 0.4), all(3, 2), rule())).toEqual({ kind: 'abstains' })
    expect(decideRouter(choice(1, 0.4), [choice(3, 0.4), choice(3, 0.9)], rule())).toEqual({
      kind: 'abstains',
    })
    // Its own choice holds where experts differ, and the larger of both radii where they agree.
    const routed = { kind: 'certified', class: 2, radius: gaussianBound(0.5).radius(0.6) }
    expect(decideRouter(choice(1, 0.6), all(3, 2), rule(2))).toEqual(routed)
    expect(decideRouter(choice(1, 0.6), all(3, 3), rule(2))).toEqual({ ...agreed, radius: small.radius(0.8) })
    expect(small.radius(0.8)).toBeGreaterThan(gaussianBound(0.5).radius(0.6))
  })

  it.each([
    [{ experts: [small], agreement: 0 }, 0.1, /at least 2 experts, got 1/],
    [{ experts: [small, large], agreement: -1 }, 0.1, /radius of at least 0 for agreement, got -1/],
    [{ experts: [small, large], agreement: 0 }, 1, /alpha between 0 and 1, got 1/],
  ])('is refused where no statement would hold', (given, alpha, message) => {
    expect(() => requireRouter(given, { alpha })).toThrow(message)
  })
})
