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
  noiseAfter: z
    .literal('first-layer')
    .optional()
    .describe(
      'first-layer: the noise is added to what the first convolution of the classifier makes of the image (PixelDP), as much as ' +
        'sigma is on an image, by the sensitivity of that layer; for the method pixel-dp, without a denoiser. Default: to the image.',
    ),
})

export type SmoothingConfig = z.output<typeof smoothingSchema>
