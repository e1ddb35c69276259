import { seenCopies } from '../../smoothing/smoothing'
import { type Classifier, flatten, noGrad, type Tensor } from '../../torch'
import type { Evaluation } from '../objective'

/**
 * Measures which network a selector or router sends test images to. The networks have no predictions for test images, so no metric can
 * select the best epoch.
 *
 * @param options - `counted`: records the number of images, as the classifier sees them, that count; `what`: "Share of noisy test images
 *   …": which of them count
 */
export function choiceEvaluation({
  label,
  what,
  tag,
  counted,
}: {
  readonly label: string
  readonly what: string
  readonly tag: string
  readonly counted: (classifier: Classifier, images_NCHW: Tensor<'NCHW'>) => Tensor<''>
}): Evaluation {
  return {
    look: ({ networks: { classifier }, smoothing, clean_BCHW, noise_MBCHW }) => {
      const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises: 1 })
      return noGrad(classifier.session, () => ({
        noisy: counted(classifier, flatten(seen_MBCHW, 'MB', 'N')),
        clean: counted(classifier, flatten(clean_BCHW, 'B', 'N')),
      }))
    },
    metrics: {
      noisy: {
        ...{ label, caption: `Share of noisy test images ${what}.`, tag: `test/${tag}` },
        ...{ unit: 'share', isExact: true },
      },
      clean: {
        ...{ label: `${label}, clean`, caption: `Share of clean test images ${what}.` },
        ...{ tag: `test/${tag}_clean`, unit: 'share', isExact: true },
      },
    },
    best: { metric: 'noisy', is: 'newest' },
  }
}
