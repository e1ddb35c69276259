import { z } from 'zod'
import { askedClassifierSchema } from '../model-schema'

/** Settings for training a denoiser in front of frozen classifiers (Denoised Smoothing; Salman et al., 2020). */
export const denoiserMethodSchema = z
  .strictObject({
    kind: z
      .literal('denoiser')
      .describe(
        'Trains smoothing.denoiser (source dncnn or memnet) in front of frozen classifiers (Salman et al., 2020).',
      ),
    target: z
      .enum(['image', 'prediction', 'label'])
      .default('image')
      .describe(
        'Target of a denoised image: the clean image, by mean squared error; or, by cross-entropy, the prediction of the classifier ' +
          'for the clean image (stability) or the label (classification). Default image.',
      ),
    surrogates: z
      .array(askedClassifierSchema)
      .default([])
      .describe(
        'Classifiers of the data that alternate between updates in the cross-entropy. Default: only the classifier of the run.',
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
