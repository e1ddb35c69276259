import { z } from 'zod'
import { count, nonnegative, positive, text } from '../fields'

/** Settings for training a router between experts of several noise levels. */
export const routerSchema = z.strictObject({
  kind: z
    .literal('router')
    .describe(
      'Trains a classifier with one class per expert. It predicts whose noise level certifies an image at the most radii, from ' +
        'the votes of the experts on training images.',
    ),
  noises: count.default(1).describe('M, noises per image in an update; the loss is their mean. Default 1.'),
  experts: z
    .array(
      z.strictObject({
        sigma: positive.describe('Noise level of the expert, for pixels in [0, 1].'),
        predictions: text.describe(
          'File with the predictions of the smoothed expert for every training image, written by `ft-cadis soft-labels`.',
        ),
      }),
    )
    .min(2)
    .max(100)
    .refine(
      experts => experts.every(({ sigma }, place) => place === 0 || sigma > (experts[place - 1]?.sigma ?? 0)),
      { error: 'expected the smallest noise level first and each larger than the one before' },
    )
    .describe('The experts, smallest noise level first: the router has one class each, in this order.'),
  radii: z
    .array(nonnegative)
    .min(1)
    .refine(radii => radii.every((radius, place) => place === 0 || radius > (radii[place - 1] ?? 0)), {
      error: 'expected radii in ascending order',
    })
    .optional()
    .describe(
      'Radii at which certificates count, with equal weight. Default: 0 and the multiples of half the smallest noise level, up to twice the largest.',
    ),
})

export type { RouterMethod as RouterSettings } from '../types/method'
