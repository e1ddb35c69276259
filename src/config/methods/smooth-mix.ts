import { z } from 'zod'
import { count, nonnegative, positive } from '../fields'
import { attackSteps, rampEpochs, targetGradient } from './attack-fields'

/** Settings of SmoothMix (Jeong et al., 2021). */
export const smoothMixSchema = z.strictObject({
  kind: z
    .literal('smooth-mix')
    .describe(
      'Cross-entropy on noisy images, and on mixtures of them with adversarial ones whose targets become uniform (Jeong et al., 2021).',
    ),
  noises: count.default(2).describe('M, noises per image in an update. Default 2.'),
  eta: nonnegative.default(5).describe('Weight of the mixture term. Default 5.'),
  attack: z
    .strictObject({
      steps: attackSteps,
      stepLength: positive.describe('Length of a step (alpha), in the l2 norm of images in [0, 1].'),
      radius: positive
        .nullable()
        .default(null)
        .describe(
          'Radius of the ball around the image that contains the adversarial image. Default: null, none.',
        ),
    })
    .describe('The gradient ascent to the adversarial image.'),
  mixStep: z
    .int()
    .nonnegative()
    .default(0)
    .describe(
      'Step of the attack whose start replaces the image: 0 is the image, 1 the adversarial image of one step. From attack.steps ' +
        'on it is the image. Default 0.',
    ),
  cleanRadius: nonnegative
    .nullable()
    .default(null)
    .describe(
      'Largest distance of this replacement from the image, before the ramp. Default: null, mixStep * attack.stepLength.',
    ),
  rampEpochs: rampEpochs('eta and cleanRadius rise'),
  targetGradient: targetGradient('the targets of mixtures'),
})

export type { SmoothMixMethod as SmoothMixSettings } from '../types/method'
