import { z } from 'zod'
import { text } from '../fields'
import { askedClassifierSchema } from '../model-schema'

/** A network that is asked beside the classifier. */
export const networkSchema = z.strictObject({
  classifier: askedClassifierSchema.describe('Where the network comes from and what it takes.'),
  checkpoint: text
    .optional()
    .describe('Folder of a checkpoint whose weights replace those of the network. Default: none.'),
})

/** Classifiers that share every setting of the first but its weights. */
export const otherWeightsSchema = z
  .array(
    z.strictObject({
      path: text.optional().describe('Weights in place of classifier.path. Default: that.'),
      checkpoint: text
        .optional()
        .describe('Folder of a checkpoint whose weights replace those of the classifier. Default: none.'),
    }),
  )
  .min(1)
