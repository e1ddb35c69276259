import { z } from 'zod'
import { count, nonnegative, text } from '../fields'
import { attackRadius } from './attack-fields'
import { epsilonSchedule } from './epsilon-schedule'

/** Settings of CAT-RS (Jeong et al., 2023). */
export const catRsSchema = z.strictObject({
  kind: z
    .literal('cat-rs')
    .describe(
      'Cross-entropy on the easiest noisy images, as many as the confidence says, plus worst-case adversarial noise if all are ' +
        'easy (Jeong et al., 2023).',
    ),
  noises: count.default(4).describe('M, noises per image in an update. Default 4.'),
  lambda: nonnegative.describe('Weight of the adversarial term.'),
  attack: z
    .strictObject({
      steps: count.describe('T, steps of the attack. Each is 2 * epsilon / T long.'),
      epsilon: epsilonSchedule(attackRadius).describe(
        'Radius of the ball around each noise, in the l2 norm of images in [0, 1]: one for all epochs, or a list of steps.',
      ),
    })
    .describe('The attack on the noise.'),
  predictions: text.describe(
    'File with the predictions of a smoothed classifier for every training image, written by `ft-cadis soft-labels`.',
  ),
  confidence: z
    .enum(['votes', 'predictions'])
    .default('votes')
    .describe(
      'Probability that a noisy image counts as easy: the share of the M that get their label, or the probability from the file. ' +
        'Default votes.',
    ),
})

export type { CatRsMethod as CatRsSettings } from '../types/method'
