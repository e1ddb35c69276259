import { z } from 'zod'
import { positive } from './fields'
import { denoiserSchema } from './model-schema'

/** The noise, and what stands between it and the classifier: the same in training, evaluation, certification, prediction. */
export const smoothingSchema = z.strictObject({
  sigma: positive.describe(
    'Noise level, as standard deviation for pixels in [0, 1]; in [-1, 1] it is twice that.',
  ),
  denoiser: denoiserSchema.describe(
    'The diffusion model in front of the classifier, which is never trained; or { source: none } for noisy images as they are.',
  ),
})

export type SmoothingConfig = z.output<typeof smoothingSchema>
