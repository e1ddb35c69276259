import { z } from 'zod'
import { count, nonnegative } from '../fields'

/** Settings for PixelDP training (Lecuyer et al., 2019). */
export const pixelDpSchema = z.strictObject({
  kind: z
    .literal('pixel-dp')
    .describe(
      'Cross-entropy on noisy images, with noise that grows to sigma (PixelDP; Lecuyer et al., 2019).',
    ),
  noises: count.default(1).describe('M, noises per image in an update; the loss is their mean. Default 1.'),
  rampRate: z
    .number()
    .min(0)
    .lt(1)
    .default(0.99975)
    .describe(
      'Update t, counted from 0, uses the share 1 - rampRate^t of the noise, at least a tenth, and all of it above nine tenths. 0 ' +
        'uses all from the second update. Default 0.99975: all after 9,210 updates.',
    ),
  parsevalBeta: nonnegative
    .lt(1)
    .optional()
    .describe(
      'beta of the Parseval step after each update, W to (1 + beta) W - beta W W^T W, which keeps the sensitivity of the first ' +
        'layer near 1; 0 for none. Only with smoothing.noiseAfter. Default 0.0003.',
    ),
  parsevalLoops: count
    .optional()
    .describe('Repetitions of the step after each update. Only with smoothing.noiseAfter. Default 1.'),
})

export type { PixelDpMethod as PixelDpSettings } from '../types/method'
