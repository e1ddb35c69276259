import { type DenoiserMethodSettings, denoiserMethodSchema } from '../../config/methods/denoiser'
import { noisy, type Smoothing, seenCopies } from '../../smoothing/smoothing'
import {
  autocasting,
  type Classifier,
  div,
  flatten,
  ImageDenoiser,
  noGrad,
  select,
  sum,
  type Tensor,
} from '../../torch'
import { accuracy } from '../accuracy'
import { ACCURACY_METRICS } from '../accuracy-metrics'
import type { Evaluation, Form, Objective, TrainedNetworks } from '../objective'
import { exactPasses } from '../passes'
import { denoisedCrossEntropy, predictedClass, squaredError, turnOf } from './terms'

export interface DenoiserForm extends Form {
  readonly settings: DenoiserMethodSettings
  /** The surrogates; in a step, the one whose turn it is. Without surrogates, the run's classifier. */
  readonly prepared: readonly Classifier[]
  readonly asked: null
  readonly kept: null
  readonly decision: null
  readonly given: null
  readonly sums: 'squaredError' | 'crossEntropy'
  readonly made: null
}

/** Distance of denoised test images from the clean ones, and the classes that the classifier behind assigns to them. */
export const evaluation: Evaluation = {
  look: inputs => {
    const { networks, smoothing, clean_BCHW, noise_MBCHW } = inputs
    const error = noGrad(networks.classifier.session, () => {
      const denoised_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises: 1 })
      return sum(squaredError(select(denoised_MBCHW, 'M', 0), clean_BCHW))
    })
    return { error, ...accuracy.look(inputs) }
  },
  metrics: {
    error: {
      label: 'squared error',
      caption: 'Mean squared error of denoised test images, for pixels in [0, 1].',
      tag: 'test/squared_error',
      isExact: true,
    },
    ...ACCURACY_METRICS,
  },
  best: { metric: 'error', is: 'smallest' },
}

/**
 * Trains a denoiser in front of fixed classifiers (Denoised Smoothing; Salman et al., 2020): by squared error, or by the loss of a
 * classifier on the denoised image; several classifiers take turns. The published runs with cross-entropy start from a denoiser that was
 * trained by squared error (from memory).
 */
export const denoiser: Objective<DenoiserForm> = {
  kind: 'denoiser',
  settings: denoiserMethodSchema,
  trains: 'denoiser',
  copies: () => 1,
  prepare: ({ settings: { surrogates }, loadFrozen }) => Promise.all(surrogates.map(loadFrozen)),
  preparedAt: ({ step }, surrogates) =>
    surrogates.length === 0
      ? surrogates
      : surrogates.slice(turnOf(step, surrogates.length), turnOf(step, surrogates.length) + 1),
  loss: inputs => {
    const { networks, prepared, smoothing, batch, clean_BCHW, noise_MBCHW, settings, imagesPerUpdate } =
      inputs
    const noisy_BCHW = select(noisy(smoothing, clean_BCHW, noise_MBCHW), 'M', 0)
    const network = trainedDenoiser(networks)
    const denoised_BCHW = network.training(() => cleaned(network, noisy_BCHW, smoothing))
    if (settings.target === 'image') {
      const error = sum(squaredError(denoised_BCHW, clean_BCHW))
      return { total: div(error, imagesPerUpdate), sums: { squaredError: error } }
    }
    const [surrogate = networks.classifier] = prepared
    const class_B = settings.target === 'label' ? batch.labels_B : predictedClass(surrogate, clean_BCHW)
    const crossEntropy = sum(denoisedCrossEntropy(surrogate, denoised_BCHW, class_B))
    return { total: div(crossEntropy, imagesPerUpdate), sums: { crossEntropy } }
  },
  sums: ['squaredError', 'crossEntropy'],
  metrics: {
    squaredError: {
      label: 'MSE',
      caption:
        'Mean squared error of denoised training images, for pixels in [0, 1]; 0 where it is not the target.',
      tag: 'loss/squared_error',
      isHeadline: true,
    },
    crossEntropy: {
      label: 'CE',
      caption: 'Cross-entropy of a surrogate on denoised training images; 0 where the image is the target.',
      tag: 'loss/cross_entropy',
      isHeadline: true,
    },
  },
  passes: ({ target }) => {
    const asked = { image: 0, prediction: 2, label: 1 }[target]
    return exactPasses({ denoiser: 1, forward: asked, backward: Math.min(asked, 1) })
  },
  footprint: () => ({ graphs: 1, attacked: 0, frozenCopies: 0 }),
  evaluation,
}

/** Denoises noisy images in the run's number type. */
export function cleaned(
  network: ImageDenoiser,
  noisy_BCHW: Tensor<'BCHW'>,
  { autocast }: Pick<Smoothing, 'autocast'>,
): Tensor<'BCHW'> {
  return autocasting(network.session, autocast, () =>
    flatten(network.clean(flatten(noisy_BCHW, 'B', 'N')), 'N', 'B'),
  )
}

/** Returns the denoiser that a run trains. */
export function trainedDenoiser({ denoiser: network }: TrainedNetworks): ImageDenoiser {
  if (network instanceof ImageDenoiser) return network
  throw new TypeError('The objective trains a denoiser of images, and was given none.')
}
