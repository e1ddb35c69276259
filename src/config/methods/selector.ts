import { z } from 'zod'
import { count, text } from '../fields'

/** Settings for training a selector (ACES; Horváth et al., 2022). */
export const selectorSchema = z.strictObject({
  kind: z
    .literal('selector')
    .describe(
      'Trains a classifier of two classes that decides whether to trust the certification network with an image: 1 if that ' +
        'network is right under noise often enough (ACES; Horváth et al., 2022).',
    ),
  noises: count.default(1).describe('M, noises per image in an update; the loss is their mean. Default 1.'),
  predictions: text.describe(
    'File with the predictions of the smoothed certification network for every training image, written by `ft-cadis soft-labels`.',
  ),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .describe(
      'Smallest share of an image’s predictions that must be its label for the certification network to get the image.',
    ),
})

export type { SelectorMethod as SelectorSettings } from '../types/method'
