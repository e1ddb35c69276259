import { z } from 'zod'
import { count, nonnegative } from '../fields'
import { pgdFields, rampEpochs, targetGradient } from './attack-fields'

/** Settings of consistency regularization (Jeong and Shin, 2020). */
export const consistencySchema = z
  .strictObject({
    kind: z
      .literal('consistency')
      .describe(
        'Cross-entropy on noisy images, with a regulariser that pulls their predictions to their mean, and that mean to certainty (Jeong and Shin, 2020).',
      ),
    noises: count.default(2).describe('M, noises per image in an update. Default 2.'),
    lambda: nonnegative.describe('Weight of the divergence from the mean prediction.'),
    eta: nonnegative.default(0.5).describe('Weight of the entropy of the mean prediction. Default 0.5.'),
    form: z
      .enum(['default', 'xent', 'kl', 'mse', 'jsd'])
      .default('default')
      .describe(
        'The regulariser: lambda * KL + eta * H; xent: lambda * (KL + H); kl: lambda * KL; mse: lambda times the squared ' +
          'distance of the first two predictions; jsd: lambda times the mean divergence of a prediction from their mean. Default: default.',
      ),
    attack: z
      .strictObject({
        ...pgdFields({ order: 'project-first', gradientFloor: 1e-8 }),
        rampEpochs: rampEpochs('the radius rises'),
      })
      .nullable()
      .default(null)
      .describe('Adversarial images instead of the original ones (SmoothAdv). Default: null, none.'),
    targetGradient: targetGradient('the mean prediction'),
  })
  .superRefine(({ form, noises }, context) => {
    if (form !== 'mse' || noises >= 2) return
    context.addIssue({
      code: 'custom',
      path: ['noises'],
      message: `expected at least 2 for the form mse, got ${noises}`,
    })
  })

export type { ConsistencyMethod as ConsistencySettings } from '../types/method'
