import { type StabilitySettings, stabilitySchema } from '../config/methods/stability'
import { seenCopies } from '../smoothing/smoothing'
import { add, detach, div, exp, flatten, logSoftmax, mul, select, sum, type Tensor } from '../torch'
import { logProbabilities } from './log-probabilities'
import { crossEntropy, softCrossEntropy } from './losses'
import type { Objective, SimpleForm } from './objective'
import { exactPasses } from './passes'
import { recognizedCount } from './recognized'
import { crossEntropyMetric, trainingAccuracyMetric } from './shared-metrics'

export type StabilityForm = SimpleForm<StabilitySettings, 'crossEntropy' | 'stability' | 'recognized'>

/** Returns both terms of stability training for each image, from log-probabilities of clean and noisy images. */
export function stabilityLosses(
  {
    clean_BK,
    noisy_BK,
    labels_B,
  }: {
    readonly clean_BK: Tensor<'BK'>
    readonly noisy_BK: Tensor<'BK'>
    readonly labels_B: Tensor<'B'>
  },
  { lambda, targetGradient }: Pick<StabilitySettings, 'lambda' | 'targetGradient'>,
): {
  readonly crossEntropy_B: Tensor<'B'>
  readonly stability_B: Tensor<'B'>
  readonly loss_B: Tensor<'B'>
} {
  const target_BK = exp(targetGradient === 'live' ? clean_BK : detach(clean_BK))
  const crossEntropy_B = crossEntropy(clean_BK, labels_B)
  const stability_B = softCrossEntropy(target_BK, noisy_BK)
  return { crossEntropy_B, stability_B, loss_B: add(crossEntropy_B, mul(stability_B, lambda)) }
}

/**
 * Cross-entropy on clean images, plus λ times the cross-entropy of the noisy prediction with the clean one (Li et al., 2019, in the form of
 * the code of Jeong and Shin, 2020).
 */
export const stability: Objective<StabilityForm> = {
  kind: 'stability',
  settings: stabilitySchema,
  copies: () => 1,
  loss: ({ networks: { classifier }, smoothing, batch: { labels_B }, clean_BCHW, noise_MBCHW, ...step }) => {
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises: 1 })
    // Two passes, the clean one first: running statistics mix both.
    const { clean_BK, noisy_BK } = classifier.training(() => ({
      clean_BK: logSoftmax(flatten(classifier.classify(flatten(clean_BCHW, 'B', 'N')), 'N', 'B'), 'K'),
      noisy_BK: select(logProbabilities(classifier, seen_MBCHW, 1), 'M', 0),
    }))
    const losses = stabilityLosses({ clean_BK, noisy_BK, labels_B }, step.settings)
    return {
      total: div(sum(losses.loss_B), step.imagesPerUpdate),
      sums: {
        crossEntropy: sum(losses.crossEntropy_B),
        stability: sum(losses.stability_B),
        recognized: recognizedCount(noisy_BK, labels_B),
      },
    }
  },
  sums: ['crossEntropy', 'stability', 'recognized'],
  metrics: {
    crossEntropy: crossEntropyMetric('Cross-entropy with the label on clean images.'),
    stability: {
      label: 'stability',
      caption: 'Cross-entropy between the noisy and the clean prediction, before λ.',
      tag: 'loss/stability',
      isHeadline: true,
    },
    trainingAccuracy: trainingAccuracyMetric('Accuracy on noisy training images, in training mode.'),
  },
  passes: (_settings, { hasDenoiser }) =>
    exactPasses({ denoiser: hasDenoiser ? 1 : 0, forward: 2, backward: 2 }),
  footprint: () => ({ graphs: 2, attacked: 0, frozenCopies: 0 }),
}
