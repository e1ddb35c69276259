import { z } from 'zod'
import { count } from '../fields'

/** Settings of plain cross-entropy. */
export const crossEntropySchema = z.strictObject({
  kind: z
    .literal('cross-entropy')
    .describe(
      'Cross-entropy on noisy images, denoised if the smoothing has a denoiser (Eq. 6; without a denoiser Gaussian augmentation), ' +
        'or on clean ones.',
    ),
  images: z
    .enum(['smoothed', 'clean'])
    .default('smoothed')
    .describe(
      'Images to classify: smoothed (as the smoothed classifier sees them) or clean. Default smoothed.',
    ),
  noises: count
    .default(1)
    .describe(
      'M, noises per image in an update; the loss is their mean. No effect on clean images. Default 1.',
    ),
})

export type { CrossEntropyMethod as CrossEntropySettings } from '../types/method'
