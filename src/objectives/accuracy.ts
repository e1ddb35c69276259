import { leadingClass } from '../smoothing/leading-class'
import { classifierOf, seenCopies } from '../smoothing/smoothing'
import { type Classifier, eq, flatten, noGrad, sum, type Tensor, to } from '../torch'
import { ACCURACY_METRICS, BEST_ACCURACY } from './accuracy-metrics'
import type { Evaluation } from './objective'

/**
 * Accuracy of the base classifier on clean images, and on noisy ones as the smoothed classifier sees them, without votes. NaN counts as
 * wrong.
 */
export const accuracy: Evaluation = {
  look: ({ networks: { classifier }, smoothing, labels_B, clean_BCHW, noise_MBCHW }) => {
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises: 1 })
    return noGrad(classifier.session, () => {
      const labels_N = flatten(labels_B, 'B', 'N')
      const correct = (network: Classifier, images_NCHW: Tensor<'NCHW'>) =>
        sum(to(eq(leadingClass(network.classify(images_NCHW)), labels_N), 'float32'))
      return {
        clean: correct(classifier, flatten(clean_BCHW, 'B', 'N')),
        noisy: correct(classifierOf(smoothing, classifier), flatten(seen_MBCHW, 'MB', 'N')),
      }
    })
  },
  metrics: ACCURACY_METRICS,
  best: BEST_ACCURACY,
}
