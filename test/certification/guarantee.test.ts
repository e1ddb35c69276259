import { expect, it } from 'vitest'
import { guaranteeOf } from '../../src/certification/guarantee'

const SMOOTHING = { sigma: 0.5, realisedSigma: 0.52 }
const OPTIONS = { radiusSigma: 'nominal', familyWise: false, alpha: 0.001, images: 50 } as const

it('is about the sigma that is asked for, with alpha for each image', () => {
  expect(guaranteeOf(SMOOTHING, OPTIONS)).toEqual({ certifiedSigma: 0.5, alpha: 0.001 })
})

it.each([
  [0.48, 0.48],
  [0.52, 0.5],
])('takes the smaller sigma where that is asked for, of 0.5 and %f', (realisedSigma, certifiedSigma) => {
  const smaller = guaranteeOf({ sigma: 0.5, realisedSigma }, { ...OPTIONS, radiusSigma: 'min' })
  expect(smaller.certifiedSigma).toBe(certifiedSigma)
})

it('shares alpha among the images where it holds for all of them', () => {
  expect(guaranteeOf(SMOOTHING, { ...OPTIONS, familyWise: true }).alpha).toBe(0.001 / 50)
})
