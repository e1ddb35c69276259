import { type SmoothMixSettings, smoothMixSchema } from '../../config/methods/smooth-mix'
import { seenCopies } from '../../smoothing/smoothing'
import { add, div, mul, sum, type Tensor, tensor } from '../../torch'
import { logProbabilities } from '../log-probabilities'
import type { Form, Objective } from '../objective'
import { exactPasses } from '../passes'
import { rampFactor } from '../ramp'
import { recognizedCount } from '../recognized'
import { crossEntropyMetric, trainingAccuracyMetric } from '../shared-metrics'
import { mixedImages, mixedSides, smoothMixLosses, sumOverImages } from './mixture'

export interface SmoothMixForm extends Form {
  readonly settings: SmoothMixSettings
  readonly prepared: null
  readonly asked: Record<string, never>
  readonly kept: null
  /** λ of each image of the micro-batch, in [0, ½). */
  readonly decision: readonly number[]
  readonly given: { readonly ratio_B: Tensor<'B'> }
  readonly sums: 'crossEntropy' | 'mixture' | 'recognized' | 'ratio'
  readonly made: null
}

/**
 * Cross-entropy on noisy images, and on mixtures of each image with an adversarial one, with targets that become less certain towards it
 * (Jeong et al., 2021).
 */
export const smoothMix: Objective<SmoothMixForm> = {
  kind: 'smooth-mix',
  settings: smoothMixSchema,
  copies: ({ noises }) => noises,
  at: ({ epoch }, settings) => {
    const factor = rampFactor(epoch, settings)
    const radius = settings.cleanRadius ?? settings.mixStep * settings.attack.stepLength
    return { ...settings, eta: factor * settings.eta, cleanRadius: factor * radius }
  },
  // Only the number of images is read.
  look: () => ({ asked: {}, kept: null }),
  decide: (_judgement, { labels, random }) => labels.map(() => random() / 2),
  count: ratios => ({ ratio: ratios.reduce((total, ratio) => total + ratio, 0) }),
  given: (ratios, { networks }) => ({
    ratio_B: tensor(networks.classifier.session, [...ratios], { axes: 'B' }),
  }),
  loss: (inputs, { given: { ratio_B } }) => {
    const { networks, smoothing, batch, clean_BCHW, noise_MBCHW, settings, imagesPerUpdate } = inputs
    const { classifier } = networks
    const { labels_B } = batch
    const { noises } = settings
    const sides = mixedSides({ classifier, smoothing, clean_BCHW, noise_MBCHW, labels_B, noises }, settings)
    const mixed_BCHW = mixedImages(sides, ratio_B)
    // Two passes with the attack's noises, the clean side first: running statistics mix both.
    const { clean_MBK, mixed_MBK } = classifier.training(() => ({
      clean_MBK: logProbabilities(
        classifier,
        seenCopies(smoothing, sides.clean_BCHW, { noise_MBCHW, noises }),
        noises,
      ),
      mixed_MBK: logProbabilities(
        classifier,
        seenCopies(smoothing, mixed_BCHW, { noise_MBCHW, noises }),
        noises,
      ),
    }))
    const losses = smoothMixLosses({ clean_MBK, mixed_MBK, labels_B, ratio_B }, settings)
    const crossEntropy = sumOverImages(losses.crossEntropy_MB)
    const mixture = sum(losses.mixture_B)
    return {
      total: div(add(crossEntropy, mul(mixture, settings.eta)), imagesPerUpdate),
      sums: { crossEntropy, mixture, recognized: recognizedCount(clean_MBK, labels_B) },
    }
  },
  sums: ['crossEntropy', 'mixture', 'recognized', 'ratio'],
  metrics: {
    crossEntropy: crossEntropyMetric('Cross-entropy with the label on the clean side.'),
    mixture: {
      label: 'mixture',
      caption: 'Divergence of mixtures from their targets, for recognised images, before η.',
      tag: 'loss/mixture',
      isHeadline: true,
    },
    trainingAccuracy: trainingAccuracyMetric('Accuracy on the noisy clean side, in training mode.'),
    mixingRatio: {
      label: 'mixing ratio',
      caption: 'Mean share of the adversarial image in a mixture.',
      tag: 'train/mixing_ratio',
      unit: 'share',
      of: ({ ratio }, { images }) => ratio / images,
    },
    eta: {
      label: 'η',
      caption: 'Current weight of the mixture term.',
      tag: 'train/eta',
      isExact: true,
      of: (_sums, { settings }) => settings.eta,
    },
  },
  passes: ({ noises, attack }, { hasDenoiser }) => {
    const all = noises * (attack.steps + 2)
    return exactPasses({ denoiser: hasDenoiser ? all : 0, forward: all, backward: all })
  },
  footprint: ({ noises }) => ({ graphs: 2 * noises, attacked: 0, frozenCopies: 0 }),
}
