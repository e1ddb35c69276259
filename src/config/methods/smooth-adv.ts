import { z } from 'zod'
import { count, rate } from '../fields'
import { attackRadius, attackSteps, pgdFields, rampEpochs } from './attack-fields'

const pgd = z.strictObject({
  kind: z.literal('pgd').describe('Steps of normalised gradient ascent.'),
  ...pgdFields({ order: 'clamp-first', gradientFloor: 0 }),
  direction: z
    .enum(['gradient', 'gradient-free'])
    .default('gradient')
    .describe(
      'Direction of a step: along the gradient, or along minus the mean of noise weighted by the probability of the label. ' +
        'Default gradient.',
    ),
})

const ddn = z.strictObject({
  kind: z.literal('ddn').describe('Decoupled direction and norm (Rony et al., 2019).'),
  steps: attackSteps,
  epsilon: attackRadius.describe(
    'Largest l2 norm of the perturbation, for images in [0, 1]; also the initial norm.',
  ),
  gamma: rate
    .default(0.05)
    .describe(
      'Relative step by which the norm grows, or shrinks once the image is misclassified. Default 0.05.',
    ),
  levels: count
    .min(2)
    .default(256)
    .describe('Levels to which the pixels of perturbed images are rounded. Default 256.'),
})

/** Settings of adversarial training of smoothed classifiers (Salman et al., 2019). */
export const smoothAdvSchema = z.strictObject({
  kind: z
    .literal('smooth-adv')
    .describe(
      'Cross-entropy on noisy images that are adversarial for their mean prediction (Salman et al., 2019).',
    ),
  noises: count.describe('M, noises per image in the attack, and in an update if all are trained on.'),
  trainedNoises: z
    .enum(['all', 'first'])
    .default('all')
    .describe('Noises to train on: all M, or the first of each image. Default all.'),
  attack: z
    .discriminatedUnion('kind', [pgd, ddn])
    .describe('The attack: one perturbation for all noises of an image.'),
  rampEpochs: rampEpochs('the radius rises'),
})

export type { SmoothAdvMethod as SmoothAdvSettings } from '../types/method'
