import { z } from 'zod'
import { text } from '../fields'
import { askedClassifierSchema } from '../model-schema'

/** A network used next to the classifier. */
export const networkSchema = z.strictObject({
  classifier: askedClassifierSchema.describe('Source and input of the network.'),
  checkpoint: text
    .optional()
    .describe('Folder of a checkpoint whose weights replace those of the network. Default: none.'),
})

/** Classifiers that share every setting of the first except the weights. */
export const otherWeightsSchema = z
  .array(
    z.strictObject({
      path: text.optional().describe('Weights instead of classifier.path. Default: classifier.path.'),
      checkpoint: text
        .optional()
        .describe('Folder of a checkpoint whose weights replace those of the classifier. Default: none.'),
    }),
  )
  .min(1)
