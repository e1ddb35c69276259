import { z } from 'zod'
import { askedClassifierSchema } from '../model-schema'

/** Settings of the training of a denoiser in front of frozen classifiers (Denoised Smoothing; Salman et al., 2020). */
export const denoiserMethodSchema = z
  .strictObject({
    kind: z
      .literal('denoiser')
      .describe(
        'Trains smoothing.denoiser (source dncnn or memnet) in front of classifiers that stay as they are (Salman et al., 2020).',
      ),
    target: z
      .enum(['image', 'prediction', 'label'])
      .default('image')
      .describe(
        'What a denoised image is to be: the clean image, by mean squared error; or for the classifier what it says of the clean image ' +
          '(stability), or the label (classification), by cross-entropy. Default image.',
      ),
    surrogates: z
      .array(askedClassifierSchema)
      .default([])
      .describe(
        'Classifiers of the data that take turns, update by update, in the cross-entropy. Default: the classifier of the run alone.',
      ),
  })
  .superRefine(({ target, surrogates }, context) => {
    if (target !== 'image' || surrogates.length === 0) return
    context.addIssue({
      code: 'custom',
      path: ['surrogates'],
      message: `expected none for the target image, which asks no classifier, got ${surrogates.length}`,
    })
  })

export type { DenoiserMethod as DenoiserMethodSettings } from '../types/method'
