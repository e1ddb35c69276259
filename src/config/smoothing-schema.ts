import { z } from 'zod'
import { positive } from './fields'
import { denoiserSchema } from './model-schema'

/** The noise and the denoiser in front of the classifier: the same in training, evaluation, certification and prediction. */
export const smoothingSchema = z.strictObject({
  sigma: positive.describe(
    'Noise level: standard deviation for pixels in [0, 1]; in [-1, 1] it is twice that.',
  ),
  denoiser: denoiserSchema.describe(
    'The denoiser in front of the classifier; { source: none } passes noisy images directly.',
  ),
  noiseAfter: z
    .literal('first-layer')
    .optional()
    .describe(
      'first-layer: adds the noise to the output of the first convolution of the classifier (PixelDP), scaled by the sensitivity ' +
        'of that layer to match sigma on an image; for the method pixel-dp, without a denoiser. Default: to the image.',
    ),
})

export type SmoothingConfig = z.output<typeof smoothingSchema>
