import { argmax, type Classifier, indexSelect, ne, sum, type Tensor, to } from '../../torch'
import type { PgdOptions } from '../attacks/pgd-attack'
import { reduceOverNoises, selectiveCrossEntropy, totalLoss } from '../losses'
import { attackAndClassify, divergences, type TargetOptions } from './adversarial'
import type { DenoisedBatch } from './denoise-and-classify'
import type { SelectionTensors } from './selection-tensors'

/** Steps 5 to 7 of Algorithm 1: attack the selected images, compose the loss (Eq. 8 to 10). */

export interface LossOptions {
  /** M, the noises of each image. */
  readonly noises: number
  /** `none` drops the adversarial loss; with the others, the selection decides which images are attacked. */
  readonly adversarial: 'masked' | 'all' | 'none'
  /** λ, the weight of the adversarial loss. */
  readonly lambda: number
  readonly attack: PgdOptions
  /** `soft`: ŷ, the mean prediction over the noises; `hard`: the label (Table 7). Both for the attack and the loss. */
  readonly adversarialTarget: 'soft' | 'hard'
  /** Whether gradients flow into the soft target, as in the released code, or not. */
  readonly targetGradient: 'live' | 'detached'
  /** How to reduce the M adversarial images of one image: Eq. 9, or Table 7 b and c. */
  readonly adversarialReduction: 'max' | 'mean'
}

/** The losses of a micro-batch. The others are sums over its images; `total` is divided by the number of images in the update. */
export interface Losses {
  /** Eq. 10, this micro-batch's share of the update's mean. */
  readonly total: Tensor<''>
  /** Σ_b of Eq. 8. */
  readonly selectiveCrossEntropy: Tensor<''>
  /** Σ_b of Eq. 9 over the attacked images, before λ; `null` if none is attacked. */
  readonly adversarial: Tensor<''> | null
}

/** The losses, and the success of the attack. */
export interface AttackLosses extends Losses {
  /**
   * Number of adversarial images of attacked images that the classifier assigns to another class than their label; `null` if none is
   * attacked.
   */
  readonly fooled: Tensor<''> | null
}

/** Attacks the selected images and composes the loss. The trainer runs backward from `total`. */
export function attackLosses(
  classifier: Classifier,
  denoised: DenoisedBatch,
  options: LossOptions & SelectionTensors & { readonly imagesPerUpdate: number },
): { readonly losses: AttackLosses; readonly logProbabilities_MAK: Tensor<'MAK'> | null } {
  const { forwarded_A, lossImages, filledUp } = options
  if (forwarded_A === null) {
    const losses = composeLosses(denoised, null, options)
    return { losses: { ...losses, fooled: null }, logProbabilities_MAK: null }
  }
  const images_A = filledUp?.images_A ?? forwarded_A
  const { attackObjective } = divergences(denoised, images_A, options)
  const passed_MAK = attackAndClassify(classifier, denoised, { ...options, images_A, attackObjective })
  const logProbabilities_MAK = withoutCopies(passed_MAK, filledUp)
  const fooled =
    lossImages === 'none' ? null : fooledImages(denoised, logProbabilities_MAK, { forwarded_A, lossImages })
  return {
    losses: { ...composeLosses(denoised, logProbabilities_MAK, options), fooled },
    logProbabilities_MAK,
  }
}

/** Returns the predictions without those for padding copies: later code does not see the copies. */
export function withoutCopies(
  passed_MAK: Tensor<'MAK'>,
  filledUp: SelectionTensors['filledUp'],
): Tensor<'MAK'> {
  return filledUp ? indexSelect(passed_MAK, 'A', filledUp.places_A) : passed_MAK
}

/** Computes Eq. 8, 9 and 10 from predictions: log softmax for the adversarial images of the attacked images, or none. */
export function composeLosses(
  denoised: Pick<DenoisedBatch, 'logProbabilities_MBK' | 'crossEntropy_MB' | 'labels_B'>,
  logProbabilities_MAK: Tensor<'MAK'> | null,
  options: Omit<LossOptions, 'attack' | 'adversarial'> &
    SelectionTensors & {
      /** Images per optimizer update, over all micro-batches. */
      readonly imagesPerUpdate: number
    },
): Losses {
  const { weights_MB, forwarded_A, lossImages, lambda, imagesPerUpdate } = options
  const selective_B = selectiveCrossEntropy(denoised.crossEntropy_MB, weights_MB)
  const adversarial_A =
    logProbabilities_MAK === null || forwarded_A === null || lossImages === 'none'
      ? null
      : adversarialLoss(denoised, logProbabilities_MAK, { ...options, forwarded_A, lossImages })
  return {
    total: totalLoss(selective_B, adversarial_A, { lambda, imagesPerUpdate }),
    selectiveCrossEntropy: sum(selective_B),
    adversarial: adversarial_A === null ? null : sum(adversarial_A),
  }
}

/** Images whose adversarial loss counts, if any. */
interface Counted {
  readonly forwarded_A: Tensor<'A'>
  readonly lossImages: 'all' | Tensor<'A'>
}

/** Eq. 9 before λ, for each image that counts. */
function adversarialLoss(
  denoised: Pick<DenoisedBatch, 'logProbabilities_MBK' | 'labels_B'>,
  logProbabilities_MAK: Tensor<'MAK'>,
  {
    forwarded_A,
    lossImages,
    ...options
  }: TargetOptions & Pick<LossOptions, 'adversarialReduction'> & Counted,
): Tensor<'A'> {
  const { trainingLoss } = divergences(denoised, forwarded_A, options)
  const loss_A = reduceOverNoises(trainingLoss(logProbabilities_MAK), options.adversarialReduction)
  return lossImages === 'all' ? loss_A : indexSelect(loss_A, 'A', lossImages)
}

function fooledImages(
  { labels_B }: Pick<DenoisedBatch, 'labels_B'>,
  logProbabilities_MAK: Tensor<'MAK'>,
  { forwarded_A, lossImages }: Counted,
): Tensor<''> {
  const labels_A = indexSelect(labels_B, 'B', forwarded_A)
  const fooled_MA = to(ne(argmax(logProbabilities_MAK, 'K'), labels_A), 'float32')
  return sum(lossImages === 'all' ? fooled_MA : indexSelect(fooled_MA, 'A', lossImages))
}
