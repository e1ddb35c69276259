import { type CrossEntropySettings, crossEntropySchema } from '../config/methods/cross-entropy'
import { type GaussianSettings, gaussianSchema } from '../config/methods/gaussian'
import { seenCopies } from '../smoothing/smoothing'
import { div, flatten, mean, sum, unflatten } from '../torch'
import { logProbabilities } from './log-probabilities'
import { crossEntropy as crossEntropyOf } from './losses'
import type { Loss, Objective, SimpleForm, StepInputs } from './objective'
import { exactPasses } from './passes'
import { recognizedCount } from './recognized'
import { crossEntropyMetric, trainingAccuracyMetric } from './shared-metrics'

export type CrossEntropyForm = SimpleForm<CrossEntropySettings, 'crossEntropy' | 'recognized'>
export type GaussianForm = SimpleForm<GaussianSettings, 'crossEntropy' | 'recognized'>

const copies = ({ images, noises }: CrossEntropySettings) => (images === 'clean' ? 1 : noises)

function lossOn(
  images: CrossEntropySettings['images'],
  {
    networks: { classifier },
    smoothing,
    batch,
    clean_BCHW,
    noise_MBCHW,
    ...step
  }: Pick<
    StepInputs,
    'networks' | 'smoothing' | 'batch' | 'clean_BCHW' | 'noise_MBCHW' | 'imagesPerUpdate'
  > & { readonly noises: number },
): Loss<CrossEntropyForm> {
  const { noises, imagesPerUpdate } = step
  const images_MBCHW =
    images === 'clean'
      ? unflatten(flatten(clean_BCHW, 'B', 'N'), 'N', { as: 'MB', count: 1 })
      : seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
  const logProbabilities_MBK = classifier.training(() => logProbabilities(classifier, images_MBCHW, noises))
  const loss = sum(mean(crossEntropyOf(logProbabilities_MBK, batch.labels_B), 'M'))
  const recognized = recognizedCount(logProbabilities_MBK, batch.labels_B)
  return { total: div(loss, imagesPerUpdate), sums: { crossEntropy: loss, recognized } }
}

const shared = {
  sums: ['crossEntropy', 'recognized'],
  metrics: {
    crossEntropy: crossEntropyMetric('Cross-entropy with the label, the mean over the noises of an image.'),
    trainingAccuracy: trainingAccuracyMetric(
      'Accuracy on the training images as they are trained on, in training mode.',
    ),
  },
} as const

/**
 * Cross-entropy with the label, averaged over the noises of an image: on noisy images (Cohen et al., 2019), on denoised ones behind a
 * denoiser (Eq. 6; Carlini et al., 2023), or on clean images.
 */
export const crossEntropy: Objective<CrossEntropyForm> = {
  ...shared,
  kind: 'cross-entropy',
  settings: crossEntropySchema,
  copies,
  loss: inputs => lossOn(inputs.settings.images, { ...inputs, noises: copies(inputs.settings) }),
  passes: (settings, { hasDenoiser }) => {
    const once = copies(settings)
    const denoiser = hasDenoiser && settings.images === 'smoothed' ? once : 0
    return exactPasses({ denoiser, forward: once, backward: once })
  },
  footprint: settings => ({ graphs: copies(settings), attacked: 0, frozenCopies: 0 }),
}

/** Gaussian augmentation (Cohen et al., 2019): cross-entropy on images as the smoothed classifier sees them. */
export const gaussian: Objective<GaussianForm> = {
  ...shared,
  kind: 'gaussian',
  settings: gaussianSchema,
  copies: ({ noises }) => noises,
  loss: inputs => lossOn('smoothed', { ...inputs, noises: inputs.settings.noises }),
  passes: ({ noises }, { hasDenoiser }) =>
    exactPasses({ denoiser: hasDenoiser ? noises : 0, forward: noises, backward: noises }),
  footprint: ({ noises }) => ({ graphs: noises, attacked: 0, frozenCopies: 0 }),
}
