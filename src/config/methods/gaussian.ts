import { z } from 'zod'
import { count } from '../fields'

/** Settings of Gaussian augmentation (Cohen et al., 2019). */
export const gaussianSchema = z.strictObject({
  kind: z
    .literal('gaussian')
    .describe(
      'Cross-entropy on noisy images (Cohen et al., 2019), denoised if the smoothing has a denoiser (Carlini et al., 2023).',
    ),
  noises: count.default(1).describe('M, noises per image in an update; the loss is their mean. Default 1.'),
})

export type { GaussianMethod as GaussianSettings } from '../types/method'
