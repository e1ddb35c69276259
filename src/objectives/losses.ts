import {
  type AnyTensor,
  type Axes,
  add,
  axisOf,
  clampMin,
  div,
  exp,
  log,
  logsumexp,
  max,
  mean,
  mul,
  pick,
  sub,
  sum,
  type Tensor,
  type Without,
} from '../torch'

/**
 * Loss terms on log-probabilities: `logProbabilities` is log softmax of the classifier's logits over K. Everything stays in log space, so a
 * class whose probability underflows to zero has the limit as its gradient, never NaN.
 */

/** Cross-entropy with the label, for each image: -log p(y). */
export function crossEntropy<A extends Axes>(
  logProbabilities: Tensor<A>,
  labels: AnyTensor,
): Tensor<Without<A, 'K'>> {
  return mul(pick<A, 'K'>(logProbabilities, axisOf(logProbabilities, 'K'), labels), -1)
}

/**
 * Selective cross-entropy (Eq. 8): for each image, the sum of the cross-entropies of the denoised images with weight 1, divided by M, not
 * by their number.
 */
export function selectiveCrossEntropy(crossEntropy_MB: Tensor<'MB'>, weights_MB: Tensor<'MB'>): Tensor<'B'> {
  return mean(mul(crossEntropy_MB, weights_MB), 'M')
}

/** log ŷ, the mean over the M noises of the predicted probabilities (above Eq. 9). */
export function consistencyTarget<A extends Axes>(
  logProbabilities: Tensor<A>,
  noises: number,
): Tensor<Without<A, 'M'>> {
  return sub(logsumexp<A, 'M'>(logProbabilities, axisOf(logProbabilities, 'M')), Math.log(noises))
}

/** KL(target ‖ prediction) = Σ_k t_k (log t_k - log p_k), for each image, from log-probabilities of the target. */
export function klDivergence<A extends Axes, T extends Axes>(
  logTarget: Tensor<T>,
  logProbabilities: Tensor<A>,
): Tensor<Without<A, 'K'>> {
  return sum<A, 'K'>(
    mul(mul(sub(logProbabilities, logTarget), exp(logTarget)), -1),
    axisOf(logProbabilities, 'K'),
  )
}

/** Replaces probabilities of 0 before the logarithm: 0 · log 0 is 0. */
const PROBABILITY_FLOOR = 1e-30

/** Like {@link klDivergence}, for a target that may have probabilities of exactly 0, which contribute 0. */
export function klFromProbabilities<A extends Axes, T extends Axes>(
  target: Tensor<T>,
  logProbabilities: Tensor<A>,
): Tensor<Without<A, 'K'>> {
  const logTarget = log(clampMin(target, PROBABILITY_FLOOR))
  return sum<A, 'K'>(mul(mul(sub(logProbabilities, logTarget), target), -1), axisOf(logProbabilities, 'K'))
}

/** Σ_k t_k · -log p_k: cross-entropy with a target distribution. */
export function softCrossEntropy<A extends Axes>(
  target: AnyTensor,
  logProbabilities: Tensor<A>,
): Tensor<Without<A, 'K'>> {
  return mul(sum<A, 'K'>(mul(logProbabilities, target), axisOf(logProbabilities, 'K')), -1)
}

/** Reduces the divergences of one image's adversarial images: the largest (Eq. 9), or the mean (Table 7). */
export function reduceOverNoises(divergence_MA: Tensor<'MA'>, reduction: 'max' | 'mean'): Tensor<'A'> {
  return reduction === 'max' ? max(divergence_MA, 'M') : mean(divergence_MA, 'M')
}

/** The loss of an update (Eq. 10): sums over the images at hand, divided by the number of images in the update. */
export function totalLoss(
  selectiveCrossEntropy_B: Tensor<'B'>,
  adversarial_A: Tensor<'A'> | null,
  { lambda, imagesPerUpdate }: { lambda: number; imagesPerUpdate: number },
): Tensor<''> {
  const crossEntropyTerm = sum(selectiveCrossEntropy_B)
  if (adversarial_A === null) return div(crossEntropyTerm, imagesPerUpdate)
  return div(add(crossEntropyTerm, mul(sum(adversarial_A), lambda)), imagesPerUpdate)
}
