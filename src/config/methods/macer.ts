import { z } from 'zod'
import { count, nonnegative, positive } from '../fields'

/** Settings of MACER (Zhai et al., 2020). */
export const macerSchema = z.strictObject({
  kind: z
    .literal('macer')
    .describe('Cross-entropy of the mean prediction, and the certified radius (Zhai et al., 2020).'),
  noises: count.default(16).describe('M, noises per image in an update. Default 16.'),
  lambda: nonnegative.describe('Weight of the robustness term.'),
  beta: positive
    .default(16)
    .describe('Factor of the logits in the soft votes of the robustness term. Default 16.'),
  gamma: positive.default(8).describe('Largest radius to maximise, in units of sigma / 2. Default 8.'),
  robustnessFromEpoch: z
    .int()
    .nonnegative()
    .default(0)
    .describe('First epoch with the robustness term, counted from 0. Default 0.'),
})

export type { MacerMethod as MacerSettings } from '../types/method'
