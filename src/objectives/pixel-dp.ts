import { type PixelDpSettings, pixelDpSchema } from '../config/methods/pixel-dp'
import { classifierOf, seenCopies } from '../smoothing/smoothing'
import { add, div, mean, mul, parsevalStep, sum, type Tensor, tensor, to } from '../torch'
import { logProbabilities } from './log-probabilities'
import { crossEntropy } from './losses'
import type { Form, Objective } from './objective'
import { exactPasses } from './passes'
import { recognizedCount } from './recognized'
import { crossEntropyMetric, trainingAccuracyMetric } from './shared-metrics'

export interface PixelDpForm extends Form {
  readonly settings: PixelDpSettings
  readonly prepared: null
  readonly asked: null
  readonly kept: null
  readonly decision: { readonly noiseShare: number }
  readonly given: { readonly noiseShare: Tensor<''> }
  readonly sums: 'crossEntropy' | 'recognized' | 'noiseShare'
  readonly made: null
}

/** Noise shares below this are raised to it; shares above 1 minus this become 1. */
const EDGE = 0.1

/**
 * Returns the share of the noise in an update: 1 - rate^updates, but at least a tenth, and all of it above nine tenths.
 *
 * @param updates - completed before this one
 */
export function noiseShareAfter(updates: number, { rampRate }: Pick<PixelDpSettings, 'rampRate'>): number {
  const share = 1 - Math.min(rampRate ** updates, 1 - EDGE)
  return share > 1 - EDGE ? 1 : share
}

/** β and repetitions of the Parseval step: the published β, with one step instead of the released code's 100 L. */
const PARSEVAL = { beta: 3e-4, loops: 1 }

/**
 * PixelDP (Lecuyer et al., 2019): cross-entropy under noise that grows to σ, on the image or, as in the published networks, after the first
 * convolution. A Parseval step after each update keeps that convolution near a sensitivity of 1; the noise scales with the sensitivity of
 * its weights.
 */
export const pixelDp: Objective<PixelDpForm> = {
  kind: 'pixel-dp',
  settings: pixelDpSchema,
  copies: ({ noises }) => noises,
  decide: (_, { settings, position }) => ({ noiseShare: noiseShareAfter(position.step - 1, settings) }),
  // It changes with every update: as a tensor it does not need another recording.
  given: ({ noiseShare }, { networks }) => ({
    noiseShare: tensor(networks.classifier.session, noiseShare, { axes: '' }),
  }),
  loss: (
    { networks: { classifier }, smoothing, batch, clean_BCHW, noise_MBCHW, settings, imagesPerUpdate },
    { given },
  ) => {
    const { noises } = settings
    const ramped_MBCHW = mul(noise_MBCHW, given.noiseShare)
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW: ramped_MBCHW, noises })
    const network = classifierOf(smoothing, classifier)
    const log_MBK = network.training(() => logProbabilities(network, seen_MBCHW, noises))
    const loss = sum(mean(crossEntropy(log_MBK, batch.labels_B), 'M'))
    const shares_B = add(mul(to(batch.labels_B, 'float32'), 0), given.noiseShare)
    return {
      total: div(loss, imagesPerUpdate),
      sums: {
        crossEntropy: loss,
        recognized: recognizedCount(log_MBK, batch.labels_B),
        noiseShare: sum(shares_B),
      },
    }
  },
  afterStep: ({ networks: { classifier }, smoothing: { front }, settings }) => {
    const { parsevalBeta: beta = PARSEVAL.beta, parsevalLoops: loops = PARSEVAL.loops } = settings
    if (front.kind === 'first-layer' && beta > 0) {
      parsevalStep(classifier, { imageShape: front.imageShape, beta, loops })
    }
  },
  sums: ['crossEntropy', 'recognized', 'noiseShare'],
  metrics: {
    crossEntropy: crossEntropyMetric('Cross-entropy with the label, the mean over the noises of an image.'),
    trainingAccuracy: trainingAccuracyMetric('Accuracy on noisy training images, in training mode.'),
    noiseShare: {
      label: 'noise',
      caption: 'Noise on training images, as a share of the full noise level.',
      tag: 'train/noise_share',
      unit: 'share',
      isExact: true,
    },
  },
  passes: ({ noises }, { hasDenoiser }) =>
    exactPasses({ denoiser: hasDenoiser ? noises : 0, forward: noises, backward: noises }),
  footprint: ({ noises }) => ({ graphs: noises, attacked: 0, frozenCopies: 0 }),
}
