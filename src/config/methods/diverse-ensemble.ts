import { z } from 'zod'
import { count, nonnegative, text } from '../fields'

/** Settings of diversity-regularized training of an ensemble (DRT; Yang et al., 2022). */
export const diverseEnsembleSchema = z
  .strictObject({
    kind: z
      .literal('diverse-ensemble')
      .describe(
        'Trains the members of an ensemble together: cross-entropy of each, large margins, and gradients that point in different directions (DRT; Yang et al., 2022).',
      ),
    members: z.int().min(2).default(3).describe('Number of members. Default 3.'),
    noises: count
      .default(2)
      .describe(
        'M, noises per image in an update. The released code cuts a batch of L images into M updates of L / M. Default 2.',
      ),
    gradientWeight: nonnegative.describe(
      'Weight of the squared length of the sum of two members’ gradients (rho_1), for pixels in [0, 1].',
    ),
    marginWeight: nonnegative.describe(
      'Weight of the margins between the two largest probabilities (rho_2).',
    ),
    weights: z
      .array(text)
      .optional()
      .describe(
        'Initial weight files of the members, one each, instead of classifier.path. Default: separate random weights, or a new head.',
      ),
  })
  .superRefine(({ members, weights }, context) => {
    if (weights === undefined || weights.length === members) return
    context.addIssue({
      code: 'custom',
      path: ['weights'],
      message: `expected a file for each of the ${members} members, got ${weights.length}`,
    })
  })

export type { DiverseEnsembleMethod as DiverseEnsembleSettings } from '../types/method'
