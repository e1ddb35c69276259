import { z } from 'zod'
import { nonnegative } from '../fields'
import { targetGradient } from './attack-fields'

/** Settings of stability training (Li et al., 2019), as in the code of Jeong and Shin (2020). */
export const stabilitySchema = z.strictObject({
  kind: z
    .literal('stability')
    .describe(
      'Cross-entropy on clean images, and between their predictions and those of noisy images (Li et al., 2019).',
    ),
  lambda: nonnegative.describe('Weight of the stability term.'),
  targetGradient: targetGradient('the prediction for the clean image'),
})

export type { StabilityMethod as StabilitySettings } from '../types/method'
