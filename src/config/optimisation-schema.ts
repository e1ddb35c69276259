import { z } from 'zod'
import { count, nonnegative, positive, rate } from './fields'

/** Settings of the optimizer, its schedules, and checkpoints. */

/** AdamW and its schedules (Tables 9 and 10). */
export const optimisationSchema = z.strictObject({
  epochs: count.describe('Length of the schedules in epochs.'),
  stopAfterEpoch: count.optional().describe('Epochs to train before stopping early. Default: all of them.'),
  warmupEpochs: nonnegative
    .default(0)
    .describe('Epochs in which the learning rate rises linearly from 0. Default 0.'),
  imagesPerUpdate: count.describe(
    'Distinct images in one optimizer update, over all processes and micro-batches; noises do not count.',
  ),
  imagesPerMicroBatch: count
    .optional()
    .describe(
      'Images, each under M noises, that one process takes at once; lowers memory, not the result. Default: all.',
    ),
  learningRate: z
    .union([
      positive,
      z.strictObject({
        base: positive.describe('Multiplied by imagesPerUpdate / 256 (linear scaling rule).'),
      }),
    ])
    .describe('Learning rate after the warm-up: a number as it is, or a base that is scaled.'),
  minLearningRate: nonnegative
    .default(1e-6)
    .describe('Learning rate that the cosine falls to. Default 1e-6.'),
  weightDecay: z
    .strictObject({
      start: nonnegative.describe('Weight decay of the first update.'),
      end: nonnegative.describe('Weight decay after the last update.'),
    })
    .describe(
      'Weight decay, following half a cosine from start to end. Biases, norms, tokens and positions have none.',
    ),
  layerDecay: positive
    .max(1)
    .default(1)
    .describe('Factor of the learning rate from one layer to the one below; 1 treats all alike. Default 1.'),
  parameterGroups: z
    .enum(['library', 'released'])
    .default('library')
    .describe(
      'Layers, and parameters without weight decay. library: as the library of the classifier says (group_matcher and ' +
        'no_weight_decay of timm; known names of transformers); released: by names alone, as in the released code. Default library.',
    ),
  normPre: z
    .enum(['first', 'last'])
    .default('first')
    .describe(
      'Layer of norm_pre (pre_layrnorm) in transformers of CLIP: first is where it stands, last is the scale that the released code ' +
        'gives it. Default first.',
    ),
  betas: z.tuple([rate, rate]).default([0.9, 0.999]).describe('Momenta of AdamW. Default 0.9, 0.999.'),
  clip: z
    .union([
      z.literal('none'),
      z.strictObject({
        per: z
          .enum(['tensor', 'global'])
          .describe(
            'tensor: each gradient by its own norm, as in the released code; global: all by their common norm.',
          ),
        norm: positive.describe('Largest l2 norm.'),
      }),
    ])
    .default('none')
    .describe('Gradient clipping. Default none.'),
})

/** When there are checkpoints, and which of them stay. A run resumes from the newest. */
export const checkpointsSchema = z.strictObject({
  everyEpochs: count
    .optional()
    .describe('The checkpoint of every so many epochs stays. Default: none of these.'),
  epochs: z
    .array(count)
    .default([])
    .describe('Further epochs whose checkpoint stays, counted from 1. That of the last epoch always does.'),
  everyMinutes: positive
    .default(30)
    .describe('Besides at the end of each epoch, a checkpoint is written after so many minutes. Default 30.'),
  everyUpdates: count
    .optional()
    .describe('A checkpoint is also written after every so many updates of the run. Default: none of these.'),
  keepLast: count.default(2).describe('How many of the newest checkpoints stay. Default 2.'),
  keepBest: z
    .boolean()
    .default(true)
    .describe('Whether the epoch with the best accuracy on denoised test images stays. Default true.'),
})
