import { z } from 'zod'
import { count, nonnegative, positive } from '../fields'
import { epsilonSchedule } from './epsilon-schedule'

/** Settings of FT-CADIS. */

const epsilon = positive.describe(
  'Radius of the ball, in the l2 norm of images in [-1, 1]; not doubled, unlike sigma.',
)

const attack = z.strictObject({
  steps: count.describe('T, steps of the attack. Each is 2 * epsilon / T long.'),
  epsilon: epsilonSchedule(epsilon).describe(
    'Radius of the attack (in [-1, 1] units), one for all epochs or a list of steps.',
  ),
  restandardize: z
    .boolean()
    .default(true)
    .describe(
      'Whether each perturbation keeps its mean and root mean square, as in the released code. Default true.',
    ),
})

/** FT-CADIS and its ablations. */
export const ftCadisSchema = z
  .strictObject({
    kind: z
      .literal('ft-cadis')
      .default('ft-cadis')
      .describe(
        'Fine-tuning by confidence-aware denoised image selection (Algorithm 1), or an ablation of it.',
      ),
    noises: count.describe(
      'M, noises per image in an update. With 1 the first step of the attack does nothing.',
    ),
    lambda: nonnegative.describe('Weight of the adversarial loss (Eq. 10).'),
    attack: attack.describe('The attack inside the adversarial loss (Eq. 9).'),
    crossEntropy: z
      .enum(['selected', 'all'])
      .default('selected')
      .describe(
        'Denoised images in the cross-entropy: the non-hallucinated ones (Eq. 8), or all M (Table 5, row 2; with adversarial none ' +
          'it is Eq. 6). Default selected.',
      ),
    coldStart: z
      .boolean()
      .default(true)
      .describe(
        'Whether the denoised image with the lowest cross-entropy is used if all are hallucinated. Default true.',
      ),
    adversarial: z
      .enum(['masked', 'all', 'none'])
      .default('masked')
      .describe(
        'Images in the adversarial loss: those without a hallucinated one among M (Eq. 9), all (Table 5, row 3), or none (Eq. 6). ' +
          'Default masked.',
      ),
    adversarialTarget: z
      .enum(['soft', 'hard'])
      .default('soft')
      .describe(
        'Target of the attack and the adversarial loss: the mean prediction, or the label (Table 7 a, c). Default soft.',
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
      .describe('Reduction over the M adversarial images of an image: Eq. 9, or Table 7 b, c. Default max.'),
    updateSelection: z
      .boolean()
      .default(true)
      .describe(
        'Whether the current classifier judges which images are hallucinated; false uses its initial weights (Table 6). Default true.',
      ),
  })
  .superRefine(({ updateSelection, crossEntropy, adversarial }, context) => {
    if (updateSelection || crossEntropy !== 'all' || adversarial === 'masked') return
    context.addIssue({
      code: 'custom',
      path: ['updateSelection'],
      message: `expected true, for with crossEntropy all and adversarial ${adversarial} nothing is selected, got false`,
    })
  })

export type { FtCadisMethod as FtCadisSettings } from '../types/method'
