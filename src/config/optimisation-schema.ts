import { z } from 'zod'
import { count, nonnegative, positive, rate } from './fields'

/** Settings of the optimizer, its schedules, and checkpoints. */

const optimizer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('adamw').describe('AdamW, with betas.') }),
  z.strictObject({
    kind: z
      .literal('sgd')
      .describe(
        'Stochastic gradient descent without Nesterov momentum. Weight decay is added to the gradient.',
      ),
    momentum: rate.default(0.9).describe('Momentum. Default 0.9.'),
  }),
])

const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cosine').describe('Half a cosine down to minLearningRate.') }),
  z.strictObject({
    kind: z.literal('steps').describe('A factor every N epochs.'),
    everyEpochs: count.describe('Epochs between drops.'),
    factor: positive.default(0.1).describe('Factor of each drop. Default 0.1.'),
    late: z
      .int()
      .default(0)
      .describe(
        'Epochs by which every drop is late. Released code that steps its scheduler after an epoch has 1; code that steps it before ' +
          'the first epoch has -1. Default 0.',
      ),
  }),
  z.strictObject({
    kind: z.literal('listed').describe('Factors of the learning rate by epoch.'),
    steps: z
      .array(
        z.strictObject({
          fromEpoch: count.describe('First epoch of the step, counted from 0.'),
          factor: nonnegative.describe('Factor of the learning rate from this epoch.'),
        }),
      )
      .min(1)
      .refine(
        steps =>
          steps.every((step, index) => index === 0 || step.fromEpoch > (steps[index - 1]?.fromEpoch ?? 0)),
        { error: 'expected epochs in ascending order' },
      )
      .describe('The steps, in ascending order; before the first one the factor is 1.'),
  }),
])

/** The optimizer and its schedules: AdamW (Tables 9 and 10), or SGD for training from scratch. */
export const optimisationSchema = z.strictObject({
  epochs: count.describe('Length of the schedules in epochs.'),
  stopAfterEpoch: count.optional().describe('Epochs to train before stopping early. Default: all of them.'),
  warmupEpochs: nonnegative
    .default(0)
    .describe('Epochs in which the learning rate rises linearly from 0. Default 0.'),
  imagesPerUpdate: count.describe(
    'Distinct images per optimizer update, over all processes and micro-batches; noises do not count.',
  ),
  imagesPerMicroBatch: count
    .optional()
    .describe(
      'Images, each with M noises, that one process computes at once. Lowers memory without changing the result. Default: all.',
    ),
  dropLast: z
    .boolean()
    .default(true)
    .describe(
      'Whether to drop the images left over at the end of an epoch; false trains a smaller update on them, as released code does. Default true.',
    ),
  learningRate: z
    .union([
      positive,
      z.strictObject({
        base: positive.describe('Multiplied by imagesPerUpdate / 256 (linear scaling rule).'),
      }),
    ])
    .describe('Learning rate after the warm-up: a number, or a base to be scaled.'),
  optimizer: optimizer.default({ kind: 'adamw' }).describe('The optimizer. Default AdamW.'),
  schedule: schedule
    .default({ kind: 'cosine' })
    .describe('How the learning rate decreases after the warm-up. Default: a cosine.'),
  minLearningRate: nonnegative.default(1e-6).describe('Final learning rate of the cosine. Default 1e-6.'),
  weightDecay: z
    .strictObject({
      start: nonnegative.describe('Weight decay of the first update.'),
      end: nonnegative.describe('Weight decay after the last update.'),
    })
    .describe('Weight decay, following half a cosine from start to end.'),
  decays: z
    .enum(['matrices', 'all'])
    .default('matrices')
    .describe(
      'Parameters with weight decay: matrices (all except biases, norms, tokens and positions), or all. Default matrices.',
    ),
  layerDecay: positive
    .max(1)
    .default(1)
    .describe('Factor of the learning rate from each layer to the one below; 1 treats all alike. Default 1.'),
  parameterGroups: z
    .enum(['library', 'released'])
    .default('library')
    .describe(
      'Assignment of parameters to layers, and parameters without weight decay. library: as in the library of the classifier ' +
        '(group_matcher and no_weight_decay of timm; known names of transformers); released: by name only, as in the released code. ' +
        'Default library.',
    ),
  normPre: z
    .enum(['first', 'last'])
    .default('first')
    .describe(
      'Layer of norm_pre (pre_layrnorm) in CLIP transformers: first is its position, last has the scale that the released code ' +
        'uses. Default first.',
    ),
  betas: z.tuple([rate, rate]).default([0.9, 0.999]).describe('Betas of AdamW. Default 0.9, 0.999.'),
  clip: z
    .union([
      z.literal('none'),
      z.strictObject({
        per: z
          .enum(['tensor', 'global'])
          .describe(
            'tensor: clips each gradient by its own norm, as in the released code; global: all by their common norm.',
          ),
        norm: positive.describe('Largest l2 norm.'),
      }),
    ])
    .default('none')
    .describe('Gradient clipping. Default none.'),
})

/** When to write checkpoints, and which of them to keep. A run resumes from the newest. */
export const checkpointsSchema = z.strictObject({
  everyEpochs: count.optional().describe('Keeps the checkpoint of every N epochs. Default: none of these.'),
  epochs: z
    .array(count)
    .default([])
    .describe(
      'Further epochs whose checkpoint is kept, counted from 1. That of the last epoch is always kept.',
    ),
  everyMinutes: positive
    .default(30)
    .describe('Also writes a checkpoint after this many minutes. Default 30.'),
  everyUpdates: count
    .optional()
    .describe('Also writes a checkpoint after every N updates of the run. Default: none of these.'),
  keepLast: count.default(2).describe('Number of newest checkpoints to keep. Default 2.'),
  keepBest: z
    .boolean()
    .default(true)
    .describe('Whether to keep the epoch with the best accuracy on denoised test images. Default true.'),
})
