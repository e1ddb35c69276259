import { z } from 'zod'
import { count, text } from '../fields'

/** Settings of the training of a selector (ACES; Horváth et al., 2022). */
export const selectorSchema = z.strictObject({
  kind: z
    .literal('selector')
    .describe(
      'Trains a classifier of two classes that says whether the certification network is to be trusted with an image: 1 where ' +
        'that network is right under noise often enough (ACES; Horváth et al., 2022).',
    ),
  noises: count
    .default(1)
    .describe('M, noises of each image in an update; the loss is their mean. Default 1.'),
  predictions: text.describe(
    'File with the predictions of the smoothed certification network for every training image, written by `ft-cadis soft-labels`.',
  ),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .describe(
      'Share of the predictions of an image that must be its label, at least, for the image to be the certification network’s.',
    ),
})

export type { SelectorMethod as SelectorSettings } from '../types/method'
