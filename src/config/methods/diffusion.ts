import { z } from 'zod'
import { rate } from '../fields'

/** Settings for training a diffusion denoiser with the simple loss of DDPM (Ho et al., 2020). */
export const diffusionSchema = z.strictObject({
  kind: z
    .literal('diffusion')
    .describe(
      'Trains smoothing.denoiser (source diffusers or openai) to predict the noise of random timesteps (DDPM; Ho et al., 2020). Needs no classifier.',
    ),
  averageDecay: rate
    .default(0.995)
    .describe(
      'Decay of the moving average of the weights (EMA), which is evaluated and exported. Default 0.995; 0.9999 suits runs of 100,000 updates or more.',
    ),
})

export type { DiffusionMethod as DiffusionSettings } from '../types/method'
