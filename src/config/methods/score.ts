import { z } from 'zod'
import { positive } from '../fields'

/** Settings of denoising score matching (Vincent, 2011), as for score-based denoising (Lee, 2021). */
export const scoreSchema = z.strictObject({
  kind: z
    .literal('score')
    .describe(
      'Trains smoothing.denoiser (source dncnn or memnet) by denoising score matching: one network for several noise levels, ' +
        'whose denoised image gives the score by Tweedie’s formula (Lee, 2021).',
    ),
  sigmas: z
    .array(positive)
    .min(1)
    .optional()
    .describe(
      'Noise levels, for pixels in [0, 1]; each image gets one, drawn uniformly. Default: only smoothing.sigma.',
    ),
})

export type { ScoreMethod as ScoreSettings } from '../types/method'
