import { expect, it } from 'vitest'
import type { NoiseLevel } from '../../src/smoothing/noise-level'
import { smoothingOf, statementOf } from '../../src/smoothing/statement'
import type { Classifier, Denoiser } from '../../src/torch'

/** Only handed on where the level is given. */
const denoiser = {} as Denoiser
const classifiers = [{} as Classifier]
const level = { realisedSigma: 0.48 } as NoiseLevel
const OPTIONS = { sigma: 0.5, alpha: 0.001, images: 50 }

it('is about the sigma that is asked for, with alpha for each image', () => {
  expect(statementOf(null, OPTIONS)).toEqual({ level: null, certifiedSigma: 0.5, alpha: 0.001 })
  expect(statementOf(denoiser, { ...OPTIONS, level })).toEqual({ level, certifiedSigma: 0.5, alpha: 0.001 })
  // There is no denoiser whose noise it could be.
  expect(statementOf(null, { ...OPTIONS, level }).level).toBeNull()
})

it.each([
  [0.48, 0.48],
  [0.52, 0.5],
])('takes the smaller sigma where that is asked for, of 0.5 and %f', (realisedSigma, certifiedSigma) => {
  const options = { ...OPTIONS, certifySigma: 'smaller' as const, level: { ...level, realisedSigma } }
  expect(statementOf(denoiser, options).certifiedSigma).toBe(certifiedSigma)
  expect(statementOf(null, options).certifiedSigma).toBe(0.5)
})

it('shares alpha among the images where it holds for all of them', () => {
  expect(statementOf(null, { ...OPTIONS, familyWise: true }).alpha).toBe(0.001 / 50)
})

it('is made of votes on denoised images, without a denoiser on noisy ones', () => {
  const plain = { classifiers, denoiser: null, level: { sigma: 0.5 } }
  const withDenoiser = statementOf(denoiser, { ...OPTIONS, level })
  expect(smoothingOf(denoiser, withDenoiser, { sigma: 0.5, classifiers })).toEqual({
    ...{ classifiers, denoiser, level },
    autocast: 'none',
  })
  expect(smoothingOf(null, withDenoiser, { sigma: 0.5, classifiers, autocast: 'bfloat16' })).toEqual({
    ...plain,
    autocast: 'bfloat16',
  })
})
