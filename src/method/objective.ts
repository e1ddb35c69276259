import {
  add,
  argmax,
  type Batch,
  type Classifier,
  type Denoiser,
  detach,
  div,
  eq,
  flatten,
  type Generator,
  indexSelect,
  logSoftmax,
  mul,
  ne,
  noGrad,
  sub,
  sum,
  type Tensor,
  to,
  unflatten,
} from '../torch'
import {
  consistencyTarget,
  crossEntropy,
  klDivergence,
  objective,
  reduceOverNoises,
  selectiveCrossEntropy,
} from './losses'
import { noiseAndDenoise } from './noise-and-denoise'
import type { NoiseLevel } from './noise-level'
import { type PgdOptions, pgdAttack } from './pgd-attack'
import type { Selection } from './select-images'

/**
 * Algorithm 1 for one micro-batch, in two halves: `inspect` makes the denoised images and asks the classifier about
 * them; between the halves a selection rule decides on plain numbers; `objectiveOf` attacks the images that it chose and
 * composes the loss. Both record; the caller reads.
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

/** What the first half of a step leaves for the second. Images are in [-1, 1]. */
export interface Inspection {
  readonly clean_BCHW: Tensor<'BCHW'>
  readonly labels_B: Tensor<'B'>
  readonly denoised_MBCHW: Tensor<'MBCHW'>
  /** log softmax of the logits of the denoised images, with the graph to the parameters. */
  readonly logProbabilities_MBK: Tensor<'MBK'>
  readonly crossEntropy_MB: Tensor<'MB'>
  /** Whether the classifier itself gives a denoised image its label. */
  readonly recognized_MB: Tensor<'MB', boolean>
  /** Whether the deciding classifier does (Eq. 7). */
  readonly correct_MB: Tensor<'MB', boolean>
  /** The cross-entropy that the deciding classifier has, for the cold start. */
  readonly decidingCrossEntropy_MB: Tensor<'MB'>
}

export interface InspectOptions {
  readonly level: NoiseLevel
  readonly noises: number
  readonly generator: Generator
  /** The classifier whose verdict makes D_nh: the trained one, or the off-the-shelf one when D_nh is not updated (Table 6). */
  readonly decidedBy?: Classifier | undefined
}

/** Steps 1 to 4: noise, denoise, classify in training mode, judge. One forward serves the judgement, ŷ and the loss. */
export function inspect(
  { classifier, denoiser }: { classifier: Classifier; denoiser: Denoiser },
  batch: Batch,
  { level, noises, generator, decidedBy }: InspectOptions,
): Inspection {
  return classifier.session.scope(() => {
    const { labels_B } = batch
    const clean_BCHW = toSymmetric(batch.images_BCHW)
    const denoised_MBCHW = noiseAndDenoise(denoiser, clean_BCHW, { level, noises, generator })
    const denoised_NCHW = flatten(denoised_MBCHW, 'MB', 'N')
    const logProbabilitiesBy = (judge: Classifier) =>
      logSoftmax(unflatten(judge.classify(denoised_NCHW), 'N', { as: 'MB', count: noises }), 'K')

    const logProbabilities_MBK = classifier.training(() => logProbabilitiesBy(classifier))
    const crossEntropy_MB = crossEntropy(logProbabilities_MBK, labels_B)
    const recognized_MB = eq(argmax(logProbabilities_MBK, 'K'), labels_B)
    const inspected = {
      clean_BCHW,
      labels_B,
      denoised_MBCHW,
      logProbabilities_MBK,
      crossEntropy_MB,
      recognized_MB,
    }
    if (decidedBy === undefined) {
      return { ...inspected, correct_MB: recognized_MB, decidingCrossEntropy_MB: crossEntropy_MB }
    }
    const deciding_MBK = noGrad(classifier.session, () => logProbabilitiesBy(decidedBy))
    return {
      ...inspected,
      correct_MB: eq(argmax(deciding_MBK, 'K'), labels_B),
      decidingCrossEntropy_MB: crossEntropy(deciding_MBK, labels_B),
    }
  })
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

export interface UpdateOptions extends ObjectiveOptions {
  readonly selection: Selection
  /** Images behind one optimizer update, over all of its micro-batches. */
  readonly imagesPerUpdate: number
  /** A term of the caller's own. */
  readonly lossTerm?: LossTerm | undefined
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

/** The losses, and what else an update reports. */
export interface UpdateLosses extends Losses {
  /** Adversarial images of attacked images that the classifier does not give their label; `null` where none is attacked. */
  readonly fooled: Tensor<''> | null
  /** The caller's own term; `null` without one. */
  readonly lossTerm: Tensor<''> | null
}

/** Steps 5 to 7: attack the chosen images, compose the loss. The caller goes backward from `total`. */
export function objectiveOf(
  classifier: Classifier,
  inspection: Inspection,
  options: UpdateOptions,
): UpdateLosses {
  const { selection, imagesPerUpdate } = options
  return classifier.session.scope(() => {
    const adversarial = attackAndClassify(classifier, inspection, options)
    const losses = composeLosses(inspection, adversarial, options)
    const lossTerm = options.lossTerm?.({ classifier, inspection, selection, adversarial }) ?? null
    return {
      ...losses,
      total: lossTerm === null ? losses.total : add(losses.total, div(lossTerm, imagesPerUpdate)),
      fooled:
        adversarial === null || selection.attacked.length === 0
          ? null
          : fooledImages(inspection, adversarial, selection.attacked),
      lossTerm,
    }
  })
}

function fooledImages(
  { labels_B }: Pick<Inspection, 'labels_B'>,
  { logProbabilities_MAK, images }: AdversarialPredictions,
  attacked: readonly number[],
): Tensor<''> {
  const labels_A = indexSelect(labels_B, 'B', { indices: images, as: 'A' })
  const fooled_MA = to(ne(argmax(logProbabilities_MAK, 'K'), labels_A), 'float32')
  if (images.length === attacked.length) return sum(fooled_MA)
  return sum(indexSelect(fooled_MA, 'A', { indices: attacked.map(image => images.indexOf(image)), as: 'A' }))
}

/** Predictions for adversarial images. */
export interface AdversarialPredictions {
  /** log softmax for the adversarial images, with the graph to the parameters. */
  readonly logProbabilities_MAK: Tensor<'MAK'>
  /** Which images of the batch they belong to. */
  readonly images: readonly number[]
}

/** Eq. 8, 9 and 10 from predictions. Only the selection's attacked images enter Eq. 9. */
export function composeLosses(
  denoised: Pick<Inspection, 'logProbabilities_MBK' | 'crossEntropy_MB' | 'labels_B'>,
  adversarial: AdversarialPredictions | null,
  { selection, imagesPerUpdate, lambda, ...options }: Omit<UpdateOptions, 'attack' | 'adversarial'>,
): Losses {
  const selective_B = selectiveCrossEntropy(denoised.crossEntropy_MB, selection.weights)
  const adversarial_A =
    adversarial === null || selection.attacked.length === 0
      ? null
      : maskedAdversarialLoss(denoised, adversarial, { ...options, attacked: selection.attacked })
  return {
    total: objective(selective_B, adversarial_A, { lambda, imagesPerUpdate }),
    selectiveCrossEntropy: sum(selective_B),
    adversarial: adversarial_A === null ? null : sum(adversarial_A),
  }
}

/** Eq. 9 before λ, for the attacked images. */
function maskedAdversarialLoss(
  denoised: Pick<Inspection, 'logProbabilities_MBK' | 'labels_B'>,
  { logProbabilities_MAK, images }: AdversarialPredictions,
  options: TargetOptions & Pick<ObjectiveOptions, 'adversarialReduction'> & { attacked: readonly number[] },
): Tensor<'A'> {
  const { learnt } = divergences(denoised, images, options)
  const loss_A = reduceOverNoises(learnt(logProbabilities_MAK), options.adversarialReduction)
  if (images.length === options.attacked.length) return loss_A
  return indexSelect(loss_A, 'A', { indices: options.attacked.map(image => images.indexOf(image)), as: 'A' })
}

/**
 * Attacks and classifies the images whose mask is 1. The others are left out, unless the classifier normalises over
 * the batch: then they come along for the sake of its statistics, and weigh nothing.
 */
function attackAndClassify(
  classifier: Classifier,
  inspection: Inspection,
  { selection, noises, attack, ...options }: UpdateOptions,
): AdversarialPredictions | null {
  const wholeBatch = classifier.description.usesBatchStatistics && options.adversarial !== 'none'
  const images = wholeBatch ? [...selection.nonHallucinated.keys()] : selection.attacked
  if (images.length === 0) return null
  const chosen = { indices: images, as: 'A' } as const
  const { ascended } = divergences(inspection, images, { noises, ...options })
  const predict = (images_NCHW: Tensor<'NCHW'>) =>
    logSoftmax(unflatten(classifier.classify(images_NCHW), 'N', { as: 'MA', count: noises }), 'K')
  const adversarial_MACHW = classifier.withoutParameterGradients(() =>
    pgdAttack(
      {
        divergence: images_NCHW => ascended(predict(images_NCHW)),
        clean_ACHW: indexSelect(inspection.clean_BCHW, 'B', chosen),
        denoised_MACHW: indexSelect(inspection.denoised_MBCHW, 'B', chosen),
        noises,
      },
      attack,
    ),
  )
  const logProbabilities_MAK = classifier.training(() => predict(flatten(adversarial_MACHW, 'MA', 'N')))
  return { logProbabilities_MAK, images }
}

type Divergence = (logProbabilities_MAK: Tensor<'MAK'>) => Tensor<'MA'>
type TargetOptions = Pick<ObjectiveOptions, 'noises' | 'adversarialTarget' | 'targetGradient'>

/** How far predictions are from the target: for the attack, which never changes the target, and for the loss. */
function divergences(
  { logProbabilities_MBK, labels_B }: Pick<Inspection, 'logProbabilities_MBK' | 'labels_B'>,
  images: readonly number[],
  { noises, adversarialTarget, targetGradient }: TargetOptions,
): { ascended: Divergence; learnt: Divergence } {
  const chosen = { indices: images, as: 'A' } as const
  if (adversarialTarget === 'hard') {
    const labels_A = indexSelect(labels_B, 'B', chosen)
    const fromLabel: Divergence = logProbabilities_MAK => crossEntropy(logProbabilities_MAK, labels_A)
    return { ascended: fromLabel, learnt: fromLabel }
  }
  const live_AK = consistencyTarget(indexSelect(logProbabilities_MBK, 'B', chosen), noises)
  const detached_AK = detach(live_AK)
  const learnt_AK = targetGradient === 'live' ? live_AK : detached_AK
  return {
    ascended: logProbabilities_MAK => klDivergence(detached_AK, logProbabilities_MAK),
    learnt: logProbabilities_MAK => klDivergence(learnt_AK, logProbabilities_MAK),
  }
}

/** Images in [0, 1], as loaders give them, in [-1, 1]. */
export function toSymmetric<A extends string>(images: Tensor<A>): Tensor<A> {
  return sub(mul(images, 2), 1)
}
