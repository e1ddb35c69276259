import { add, div, mean, mul, sub, sum, type Tensor } from '../../torch'
import { crossEntropy } from '../losses'
import { confidenceMargin, gradientDiversity, type MemberView } from './terms'

/**
 * The loss of an ensemble: Σ_i CE_i + ρ₁ GD - ρ₂ CM. GD and CM are means over correct predictions, so the loss is not a sum over
 * micro-batches.
 *
 * @param views - of each member
 * @returns the loss, and sums over the images: cross-entropy (over the members too), joint gradients and the number of their pairs, margins
 *   and the number of their predictions
 */
export function diverseEnsembleLoss(
  views: readonly MemberView[],
  labels_B: Tensor<'B'>,
  {
    gradientWeight,
    marginWeight,
    imagesPerUpdate,
  }: {
    /** ρ₁ */
    readonly gradientWeight: number
    /** ρ₂ */
    readonly marginWeight: number
    readonly imagesPerUpdate: number
  },
): {
  readonly total: Tensor<''>
  readonly sums: Readonly<Record<'crossEntropy' | 'gradients' | 'pairs' | 'margins' | 'correct', Tensor<''>>>
} {
  const crossEntropySum = views
    .map(view => sum(mean(crossEntropy(view.logProbabilities_MBK, labels_B), 'M')))
    .reduce((whole, part) => add(whole, part))
  const gradients = gradientDiversity(views)
  const margins = confidenceMargin(views)
  const terms = sub(mul(gradients.value, gradientWeight), mul(margins.value, marginWeight))
  return {
    total: add(div(crossEntropySum, imagesPerUpdate), terms),
    sums: {
      crossEntropy: crossEntropySum,
      ...{ gradients: gradients.sum, pairs: gradients.count },
      ...{ margins: margins.sum, correct: margins.count },
    },
  }
}
