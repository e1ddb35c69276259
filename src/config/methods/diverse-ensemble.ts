import { z } from 'zod'
import { count, nonnegative, text } from '../fields'

/** Settings of diversity-regularized training of an ensemble (DRT; Yang et al., 2022). */
export const diverseEnsembleSchema = z
  .strictObject({
    kind: z
      .literal('diverse-ensemble')
      .describe(
        'Members of one ensemble, trained together: cross-entropy of each, margins that are large, and their gradients that point apart (DRT; Yang et al., 2022).',
      ),
    members: z.int().min(2).default(3).describe('Classifiers that are trained together. Default 3.'),
    noises: count
      .default(2)
      .describe(
        'M, noises of each image in an update. The released code cuts a batch of L images in M updates of L / M. Default 2.',
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
        'Weight files that the members begin with, one for each, in place of classifier.path. Default: random weights of their own, or a new head.',
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
