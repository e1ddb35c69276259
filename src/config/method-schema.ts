import { z } from 'zod'
import { count, nonnegative, positive, rate } from './fields'

/** Settings of what is done: the method, its optimisation, checkpoints. */

const epsilon = positive.describe(
  'Radius of the ball, in the l2 norm of images in [-1, 1]; not doubled, unlike sigma.',
)

const epsilonSteps = z
  .array(
    z.strictObject({
      fromEpoch: z.int().nonnegative().describe('First epoch of the step, counted from 0.'),
      epsilon,
    }),
  )
  .min(1)
  .refine(
    steps => steps.every((step, index) => index === 0 || step.fromEpoch > (steps[index - 1]?.fromEpoch ?? 0)),
    {
      error: 'expected epochs in ascending order',
    },
  )
  .refine(steps => steps[0]?.fromEpoch === 0, { error: 'expected a first step from epoch 0' })

const attack = z.strictObject({
  steps: count.describe('T, steps of the attack. Each is 2 * epsilon / T long.'),
  epsilon: z
    .union([epsilon, epsilonSteps])
    .describe('Radius of the attack (in [-1, 1] units), one for all epochs or a list of steps.'),
  restandardize: z
    .boolean()
    .default(true)
    .describe(
      'Whether each perturbation keeps its mean and root mean square, as in the released code. Default true.',
    ),
})

/** FT-CADIS and its ablations. */
export const methodSchema = z.strictObject({
  sigma: positive.describe(
    'Noise level, as standard deviation for pixels in [0, 1]; in [-1, 1] it is twice that.',
  ),
  noises: count.describe(
    'M, noises of each image in an update. With 1 the first step of the attack does nothing.',
  ),
  lambda: nonnegative.describe('Weight of the adversarial loss (Eq. 10).'),
  attack: attack.describe('The attack inside the adversarial loss (Eq. 9).'),
  crossEntropy: z
    .enum(['selected', 'all'])
    .default('selected')
    .describe(
      'Denoised images in the cross-entropy: the non-hallucinated (Eq. 8), or all M (Table 5, row 2; with adversarial none ' +
        'it is Eq. 6). Default selected.',
    ),
  coldStart: z
    .boolean()
    .default(true)
    .describe(
      'Whether the denoised image with the lowest cross-entropy stands in where all are hallucinated. Default true.',
    ),
  adversarial: z
    .enum(['masked', 'all', 'none'])
    .default('masked')
    .describe(
      'Images in the adversarial loss: those with no hallucinated one among M (Eq. 9), all (Table 5, row 3), or none ' +
        '(Eq. 6). Default masked.',
    ),
  adversarialTarget: z
    .enum(['soft', 'hard'])
    .default('soft')
    .describe(
      'Target of attack and adversarial loss: the mean prediction, or the label (Table 7 a, c). Default soft.',
    ),
  targetGradient: z
    .enum(['live', 'detached'])
    .default('live')
    .describe(
      'Whether gradients flow into the soft target, as in the released code. No effect on a hard one. Default live.',
    ),
  adversarialReduction: z
    .enum(['max', 'mean'])
    .default('max')
    .describe(
      'What the M adversarial images of an image count together: Eq. 9, or Table 7 b, c. Default max.',
    ),
  updateSelection: z
    .boolean()
    .default(true)
    .describe(
      'Whether the classifier being trained judges what is hallucinated; false leaves that to its initial weights ' +
        '(Table 6). Default true.',
    ),
})

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
  normPre: z
    .enum(['first', 'last'])
    .default('first')
    .describe(
      'Layer of norm_pre in transformers of CLIP: first is where it stands, last is the scale that the released code ' +
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
