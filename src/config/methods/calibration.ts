import { z } from 'zod'
import { nonnegative } from '../fields'

/** Settings of the calibration of a denoiser for multi-scale smoothing (Jeong and Shin, 2023). */
export const calibrationSchema = z.strictObject({
  kind: z
    .literal('calibration')
    .describe(
      'Fine-tunes smoothing.denoiser, a diffusion model or an image denoiser, so that the classifier behind it is confident only ' +
        'in the right class (Jeong and Shin, 2023). No code was released; this form of the loss is not confirmed.',
    ),
  experimental: z
    .literal(true)
    .describe('Must be true: the loss is from memory, and is not known to be the published one.'),
  lambda: nonnegative.describe('Weight of the anti-consistency term. The published one is not known.'),
})

export type { CalibrationMethod as CalibrationSettings } from '../types/method'
