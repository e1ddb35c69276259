import { type Classifier, flatten, logSoftmax, type Tensor, unflatten } from '../torch'

/** Returns log softmax for M copies of each of B images, from one pass: [M][B][K]. */
export function logProbabilities(
  classifier: Classifier,
  images_MBCHW: Tensor<'MBCHW'>,
  noises: number,
): Tensor<'MBK'> {
  const logits_NK = classifier.classify(flatten(images_MBCHW, 'MB', 'N'))
  return logSoftmax(unflatten(logits_NK, 'N', { as: 'MB', count: noises }), 'K')
}
