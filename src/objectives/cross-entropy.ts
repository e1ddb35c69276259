import { type CrossEntropySettings, crossEntropySchema } from '../config/methods/cross-entropy'
import { seenCopies } from '../smoothing/smoothing'
import { argmax, div, eq, flatten, mean, sum, to, unflatten } from '../torch'
import { logProbabilities } from './log-probabilities'
import { crossEntropy as crossEntropyOf } from './losses'
import type { Objective, SimpleForm } from './objective'

type CrossEntropyForm = SimpleForm<CrossEntropySettings, 'crossEntropy' | 'recognized'>

const copies = ({ images, noises }: CrossEntropySettings) => (images === 'clean' ? 1 : noises)

/**
 * Cross-entropy with the label, the mean over the noises of an image: on noisy images (Cohen et al., 2019), behind a
 * denoiser on denoised ones (Eq. 6; Carlini et al., 2023), or on clean images.
 */
export const crossEntropy: Objective<CrossEntropyForm> = {
  kind: 'cross-entropy',
  settings: crossEntropySchema,
  copies,
  loss: ({ networks: { classifier }, smoothing, batch, clean_BCHW, noise_MBCHW, ...step }) => {
    const { settings, imagesPerUpdate } = step
    const noises = copies(settings)
    const images_MBCHW =
      settings.images === 'clean'
        ? unflatten(flatten(clean_BCHW, 'B', 'N'), 'N', { as: 'MB', count: 1 })
        : seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
    const logProbabilities_MBK = classifier.training(() => logProbabilities(classifier, images_MBCHW, noises))
    const loss = sum(mean(crossEntropyOf(logProbabilities_MBK, batch.labels_B), 'M'))
    const recognized = sum(to(eq(argmax(logProbabilities_MBK, 'K'), batch.labels_B), 'float32'))
    return { total: div(loss, imagesPerUpdate), sums: { crossEntropy: loss, recognized } }
  },
  sums: ['crossEntropy', 'recognized'],
  metrics: {
    crossEntropy: {
      label: 'CE',
      caption: 'Cross-entropy with the label, the mean over the noises of an image.',
      tag: 'loss/cross_entropy',
      isHeadline: true,
    },
    trainingAccuracy: {
      label: 'training accuracy',
      caption: 'Accuracy on the training images as they are trained on, in training mode.',
      tag: 'train/accuracy',
      unit: 'share',
      isHeadline: true,
      of: ({ recognized }, { copies: all }) => recognized / all,
    },
  },
  passes: (settings, { hasDenoiser }) => {
    const once = copies(settings)
    const exactly = { least: once, most: once }
    return {
      denoiserForward: hasDenoiser && settings.images === 'smoothed' ? once : 0,
      classifierForward: exactly,
      classifierBackward: exactly,
    }
  },
  footprint: settings => ({ graphs: copies(settings), attacked: 0, frozenCopies: 0 }),
}
