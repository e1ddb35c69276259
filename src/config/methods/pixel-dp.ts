import { z } from 'zod'
import { count, nonnegative } from '../fields'

/** Settings of the training of PixelDP (Lecuyer et al., 2019). */
export const pixelDpSchema = z.strictObject({
  kind: z
    .literal('pixel-dp')
    .describe(
      'Cross-entropy on noisy images, whose noise grows to all of sigma (PixelDP; Lecuyer et al., 2019).',
    ),
  noises: count
    .default(1)
    .describe('M, noises of each image in an update; the loss is their mean. Default 1.'),
  rampRate: z
    .number()
    .min(0)
    .lt(1)
    .default(0.99975)
    .describe(
      'Update t, counted from 0, has 1 - rampRate^t of the noise, at least a tenth, and all of it above nine tenths. With 0 it is all ' +
        'from the second update on. Default 0.99975, all of it after 9,210 updates.',
    ),
  parsevalBeta: nonnegative
    .lt(1)
    .optional()
    .describe(
      'beta of the Parseval step after each update, W to (1 + beta) W - beta W W^T W, which keeps the sensitivity of the first layer ' +
        'near 1; 0 for none. With smoothing.noiseAfter alone. Default 0.0003.',
    ),
  parsevalLoops: count
    .optional()
    .describe(
      'How often the step is repeated after each update. With smoothing.noiseAfter alone. Default 1.',
    ),
})

export type { PixelDpMethod as PixelDpSettings } from '../types/method'
