import { add, argmax, type Classifier, div, indexSelect, ne, sum, type Tensor, to } from '../../torch'
import type { PgdOptions } from '../attacks/pgd-attack'
import { objective, reduceOverNoises, selectiveCrossEntropy } from '../losses'
import { attackAndClassify, divergences, type TargetOptions } from './adversarial'
import type { Inspection } from './inspect'
import type { Selection } from './select-images'
import { imagesToAttack, type SelectionTensors, selectionTensors } from './selection-tensors'

/**
 * The second half of Algorithm 1 for one micro-batch: attacks the images that the selection rule chose, and composes the
 * loss. It records; the caller reads.
 */

export interface ObjectiveOptions {
  /** M, the noises of each image. */
  readonly noises: number
  /** `none` leaves the adversarial loss out altogether; which images the others attack is the selection's to say. */
  readonly adversarial: 'masked' | 'all' | 'none'
  /** λ, the weight of the adversarial loss. */
  readonly lambda: number
  readonly attack: PgdOptions
  /** `soft`: ŷ, the mean prediction over the noises; `hard`: the label (Table 7). Both for the attack and the loss. */
  readonly adversarialTarget: 'soft' | 'hard'
  /** Whether gradients flow into the soft target, as in the released code, or not. */
  readonly targetGradient: 'live' | 'detached'
  /** What the M adversarial images of one image count together: Eq. 9, or Table 7 b and c. */
  readonly adversarialReduction: 'max' | 'mean'
}

/** The losses of a micro-batch. Sums are over its images; `total` is divided by the images of the whole update. */
export interface Losses {
  /** Eq. 10, this micro-batch's share of the update's mean. */
  readonly total: Tensor<''>
  /** Σ_b of Eq. 8. */
  readonly selectiveCrossEntropy: Tensor<''>
  /** Σ_b of Eq. 9 over the attacked images, before λ; `null` where none is attacked. */
  readonly adversarial: Tensor<''> | null
}

/** The losses, and how the attack went. */
export interface AttackLosses extends Losses {
  /** Adversarial images of attacked images that the classifier does not give their label; `null` where none is attacked. */
  readonly fooled: Tensor<''> | null
}

/** The losses, and what else an update reports. */
export interface UpdateLosses extends AttackLosses {
  /** The caller's own term; `null` without one. */
  readonly lossTerm: Tensor<''> | null
}

/** Predictions for adversarial images. */
export interface AdversarialPredictions {
  /** log softmax for the adversarial images, with the graph to the parameters. */
  readonly logProbabilities_MAK: Tensor<'MAK'>
  /** Which images of the batch they belong to. */
  readonly images: readonly number[]
}

/** What a loss term can be made of. */
export interface LossTermContext {
  readonly classifier: Classifier
  readonly inspection: Inspection
  readonly selection: Selection
  /** `null` where no image is attacked. */
  readonly adversarial: AdversarialPredictions | null
}

/**
 * A term that is added to the objective: a sum over the images of the micro-batch, as the other losses are; its gradient
 * counts divided by the images of the update.
 */
export type LossTerm = (context: LossTermContext) => Tensor<''>

export interface UpdateOptions extends ObjectiveOptions {
  readonly selection: Selection
  /** Images behind one optimizer update, over all of its micro-batches. */
  readonly imagesPerUpdate: number
  /** A term of the caller's own. */
  readonly lossTerm?: LossTerm | undefined
}

/** Steps 5 to 7: attack the chosen images, compose the loss. The caller goes backward from `total`. */
export function objectiveOf(
  classifier: Classifier,
  inspection: Inspection,
  { selection, lossTerm, ...options }: UpdateOptions,
): UpdateLosses {
  return classifier.session.scope(() => {
    const chosen = selectionTensors(classifier, selection, options)
    const { losses, logProbabilities_MAK } = attackLosses(classifier, inspection, { ...options, ...chosen })
    if (lossTerm === undefined) return { ...losses, lossTerm: null }
    const images = imagesToAttack(classifier, selection, options)
    const adversarial = logProbabilities_MAK && { logProbabilities_MAK, images }
    const own = lossTerm({ classifier, inspection, selection, adversarial })
    return { ...losses, total: add(losses.total, div(own, options.imagesPerUpdate)), lossTerm: own }
  })
}

/** {@link objectiveOf} for a selection in tensors, and without a term of the caller's: nothing in it is decided on numbers. */
export function attackLosses(
  classifier: Classifier,
  inspection: Inspection,
  options: Omit<UpdateOptions, 'selection' | 'lossTerm'> & SelectionTensors,
): { readonly losses: AttackLosses; readonly logProbabilities_MAK: Tensor<'MAK'> | null } {
  const { attacked_A, counted } = options
  if (attacked_A === null) {
    const losses = composeLosses(inspection, null, options)
    return { losses: { ...losses, fooled: null }, logProbabilities_MAK: null }
  }
  const { ascended } = divergences(inspection, attacked_A, options)
  const logProbabilities_MAK = attackAndClassify(classifier, inspection, {
    ...options,
    images_A: attacked_A,
    ascended,
  })
  const fooled =
    counted === 'none' ? null : fooledImages(inspection, logProbabilities_MAK, { attacked_A, counted })
  return {
    losses: { ...composeLosses(inspection, logProbabilities_MAK, options), fooled },
    logProbabilities_MAK,
  }
}

/** Eq. 8, 9 and 10 from predictions: log softmax for the adversarial images of the attacked images, or none. */
export function composeLosses(
  denoised: Pick<Inspection, 'logProbabilities_MBK' | 'crossEntropy_MB' | 'labels_B'>,
  logProbabilities_MAK: Tensor<'MAK'> | null,
  options: Omit<UpdateOptions, 'attack' | 'adversarial' | 'selection' | 'lossTerm'> & SelectionTensors,
): Losses {
  const { weights_MB, attacked_A, counted, lambda, imagesPerUpdate } = options
  const selective_B = selectiveCrossEntropy(denoised.crossEntropy_MB, weights_MB)
  const adversarial_A =
    logProbabilities_MAK === null || attacked_A === null || counted === 'none'
      ? null
      : adversarialLoss(denoised, logProbabilities_MAK, { ...options, attacked_A, counted })
  return {
    total: objective(selective_B, adversarial_A, { lambda, imagesPerUpdate }),
    selectiveCrossEntropy: sum(selective_B),
    adversarial: adversarial_A === null ? null : sum(adversarial_A),
  }
}

/** Images whose adversarial loss counts, if there are any. */
interface Counted {
  readonly attacked_A: Tensor<'A'>
  readonly counted: 'all' | Tensor<'A'>
}

/** Eq. 9 before λ, of each image that counts. */
function adversarialLoss(
  denoised: Pick<Inspection, 'logProbabilities_MBK' | 'labels_B'>,
  logProbabilities_MAK: Tensor<'MAK'>,
  {
    attacked_A,
    counted,
    ...options
  }: TargetOptions & Pick<ObjectiveOptions, 'adversarialReduction'> & Counted,
): Tensor<'A'> {
  const { learnt } = divergences(denoised, attacked_A, options)
  const loss_A = reduceOverNoises(learnt(logProbabilities_MAK), options.adversarialReduction)
  return counted === 'all' ? loss_A : indexSelect(loss_A, 'A', counted)
}

function fooledImages(
  { labels_B }: Pick<Inspection, 'labels_B'>,
  logProbabilities_MAK: Tensor<'MAK'>,
  { attacked_A, counted }: Counted,
): Tensor<''> {
  const labels_A = indexSelect(labels_B, 'B', attacked_A)
  const fooled_MA = to(ne(argmax(logProbabilities_MAK, 'K'), labels_A), 'float32')
  return sum(counted === 'all' ? fooled_MA : indexSelect(fooled_MA, 'A', counted))
}
