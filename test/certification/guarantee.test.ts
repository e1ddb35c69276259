import { describe, expect, it } from 'vitest'
import { guaranteeOf } from '../../src/certification/guarantee'
import { requireCertifiable } from '../../src/certification/require-certifiable'
import { ConfigError } from '../../src/errors'
import type { NoiseLevel } from '../../src/smoothing/noise-level'
import { type Smoothing, smoothingOf } from '../../src/smoothing/smoothing'
import type { Denoiser } from '../../src/torch'

const OPTIONS = { radiusSigma: 'nominal', familyWise: false, alpha: 0.001, images: 50 } as const

/** A smoothing that says `sigma`, and whose denoiser's timestep adds `realisedSigma`. */
function smoothing(sigma: number, realisedSigma: number): Smoothing {
  return {
    ...{ sigma, realisedSigma, scales: { image: 0.8, noise: 1.6 * realisedSigma }, autocast: 'none' },
    front: { kind: 'one-shot', network: {} as Denoiser, level: { sigma, realisedSigma } as NoiseLevel },
  }
}

it('is about the sigma that is asked for, with alpha for each image', () => {
  expect(guaranteeOf(smoothing(0.5, 0.52), OPTIONS)).toEqual({ certifiedSigma: 0.5, alpha: 0.001 })
  expect(guaranteeOf(smoothingOf(null, 0.3), OPTIONS).certifiedSigma).toBe(0.3)
})

it.each([
  [0.48, 0.48],
  [0.52, 0.5],
])('takes the smaller sigma where that is asked for, of 0.5 and %f', (realisedSigma, certifiedSigma) => {
  const smaller = guaranteeOf(smoothing(0.5, realisedSigma), { ...OPTIONS, radiusSigma: 'min' })
  expect(smaller.certifiedSigma).toBe(certifiedSigma)
})

it('shares alpha among the images where it holds for all of them', () => {
  expect(guaranteeOf(smoothing(0.5, 0.52), { ...OPTIONS, familyWise: true }).alpha).toBe(0.001 / 50)
})

const made = smoothing(0.5, 0.52)
it.each<[string, Smoothing, RegExp]>([
  ['a radius of more noise than is drawn', smoothing(0.5, 0.25), /that of sigma 0.5, but .* sigma 0.25/],
  ['another sigma than its scales draw', { ...made, scales: { image: 1, noise: 0.5 } }, /0.52, but .* 0.25/],
  [
    'another sigma than its timestep adds',
    { ...made, front: smoothing(0.25, 0.25).front },
    /0.52, but .* 0.25/,
  ],
])('refuses %s', (_what, wrong, message) => {
  expect(() => guaranteeOf(wrong, OPTIONS)).toThrow(ConfigError)
  expect(() => guaranteeOf(wrong, OPTIONS)).toThrow(message)
})

describe('settings that certify nothing', () => {
  const none = { adaptive: 'none', familyWise: false, alpha: 0.001, noise: 'gaussian', batch: 100 } as const
  const CASCADE = { kind: 'cascade', sigmas: [0.5, 0.25], threshold: 0.5, rule: 'sound', clean: false }
  it.each<[string, object, number]>([
    ['CERTIFY', none, 10],
    ['CERTIFY at the very half', { ...none, alpha: 0.125 }, 4],
    ['a family-wise alpha', { ...none, familyWise: true }, 16],
    ['a grid from 0', { ...none, alpha: 0.125, adaptive: { radii: [0, 0.5] } }, 3],
    ['a grid from 0.5', { ...none, adaptive: { radii: [0.5, 1] } }, 40],
    ['votes by the image', { ...none, adaptive: { maxRadiusLoss: 0.1 } }, 10],
    ['ACES', { ...none, procedure: { kind: 'aces', threshold: 0.5, radiusZero: 'sound' } }, 11],
    ['a cascade', { ...none, procedure: CASCADE }, 12],
    ['a cascade above 1/2', { ...none, procedure: { ...CASCADE, threshold: 0.9 } }, 76],
    ['a cascade by the published rule', { ...none, procedure: { ...CASCADE, rule: 'published' } }, 11],
    ['PixelDP', { ...none, procedure: { kind: 'pixel-dp', split: 'halves' } }, 12],
  ])('are refused with the least n that could: %s', (_what, certification, least) => {
    const at = (n: number) => () =>
      requireCertifiable({ ...none, ...certification, n }, { sigma: 0.5, images: 50 })
    expect(at(least)).not.toThrow()
    expect(at(least - 1)).toThrow(ConfigError)
    for (const n of [1, least - 1]) expect(at(n)).toThrow(`Set n to at least ${least}.`)
  })

  it('are refused where the rounds of one radius cannot certify it with their part of alpha', () => {
    const rounds = (last: number) => ({ radius: 0.5, rounds: [10, last], beta: 0.01 })
    const at = (last: number, n = 1000) =>
      requireCertifiable({ ...none, n, adaptive: rounds(last) }, { sigma: 0.5, images: 1 })
    // 0.8413 to the 44th is below 0.0005, to the 43rd above it.
    expect(() => at(44)).not.toThrow()
    expect(() => at(43)).toThrow(
      /Rounds of \[10, 43\] votes cannot certify radius 0.5.*alpha \/ 2.*at least 44 votes/s,
    )
    expect(() => at(44, 43)).toThrow(/adaptive.rounds takes 44 .* n is 43.*Set n to 44/s)
  })

  it.each([4, 6])('are refused where no number of votes could: radius %d', radius => {
    const far = { ...none, n: 1000, adaptive: { radii: [radius] } }
    expect(() => requireCertifiable(far, { sigma: 0.5, images: 1 })).toThrow(/smaller radii/)
  })
})
