import {
  argmax,
  type Classifier,
  flatten,
  logSoftmax,
  meanOfEach,
  mul,
  noGrad,
  square,
  sub,
  type Tensor,
} from '../../torch'
import { crossEntropy } from '../losses'

/** Returns the mean squared error of each image in [-1, 1], in units of pixels in [0, 1]. */
export function squaredError(denoised_BCHW: Tensor<'BCHW'>, clean_BCHW: Tensor<'BCHW'>): Tensor<'B'> {
  // Differences in [-1, 1] are twice those in [0, 1].
  return mul(meanOfEach(square(sub(denoised_BCHW, clean_BCHW)), 'B'), 0.25)
}

/** Returns a classifier's class for each image, without a gradient. */
export function predictedClass(classifier: Classifier, images_BCHW: Tensor<'BCHW'>): Tensor<'B'> {
  return noGrad(classifier.session, () => argmax(logitsOf(classifier, images_BCHW), 'K'))
}

/** Returns the cross-entropy of each denoised image with a class; gradients flow to the image. */
export function denoisedCrossEntropy(
  classifier: Classifier,
  denoised_BCHW: Tensor<'BCHW'>,
  class_B: Tensor<'B'>,
): Tensor<'B'> {
  return crossEntropy(logSoftmax(logitsOf(classifier, denoised_BCHW), 'K'), class_B)
}

/** Returns the index of the surrogate for a step: they take turns, update by update. Steps are counted from 1. */
export function turnOf(step: number, surrogates: number): number {
  return (step - 1) % surrogates
}

function logitsOf(classifier: Classifier, images_BCHW: Tensor<'BCHW'>): Tensor<'BK'> {
  return flatten(classifier.classify(flatten(images_BCHW, 'B', 'N')), 'N', 'B')
}
