import {
  type Classifier,
  detach,
  flatten,
  indexSelect,
  logSoftmax,
  type Tensor,
  unflatten,
} from '../../torch'
import { pgdAttack } from '../attacks/pgd-attack'
import { consistencyTarget, crossEntropy, klDivergence } from '../losses'
import type { LossOptions } from './compose'
import type { DenoisedBatch } from './denoise-and-classify'

/** Divergence of predictions for adversarial images from each image's target. */
export type Divergence = (logProbabilities_MAK: Tensor<'MAK'>) => Tensor<'MA'>

export type TargetOptions = Pick<LossOptions, 'noises' | 'adversarialTarget' | 'targetGradient'>

/**
 * Divergence from the target for the given images of a batch. The attack ascends `attackObjective`, with a detached target; `trainingLoss`
 * is minimised, with or without gradient to the target.
 */
export function divergences(
  { logProbabilities_MBK, labels_B }: Pick<DenoisedBatch, 'logProbabilities_MBK' | 'labels_B'>,
  images_A: Tensor<'A'>,
  { noises, adversarialTarget, targetGradient }: TargetOptions,
): { attackObjective: Divergence; trainingLoss: Divergence } {
  if (adversarialTarget === 'hard') {
    const labels_A = indexSelect(labels_B, 'B', images_A)
    const fromLabel: Divergence = logProbabilities_MAK => crossEntropy(logProbabilities_MAK, labels_A)
    return { attackObjective: fromLabel, trainingLoss: fromLabel }
  }
  const live_AK = consistencyTarget(indexSelect(logProbabilities_MBK, 'B', images_A), noises)
  const detached_AK = detach(live_AK)
  const trainingTarget_AK = targetGradient === 'live' ? live_AK : detached_AK
  return {
    attackObjective: logProbabilities_MAK => klDivergence(detached_AK, logProbabilities_MAK),
    trainingLoss: logProbabilities_MAK => klDivergence(trainingTarget_AK, logProbabilities_MAK),
  }
}

/** Returns log softmax for the adversarial images of the given images of a batch, with the graph to the parameters. */
export function attackAndClassify(
  classifier: Classifier,
  { clean_BCHW, denoised_MBCHW }: Pick<DenoisedBatch, 'clean_BCHW' | 'denoised_MBCHW'>,
  {
    images_A,
    attackObjective,
    noises,
    attack,
  }: Pick<LossOptions, 'noises' | 'attack'> & {
    readonly images_A: Tensor<'A'>
    readonly attackObjective: Divergence
  },
): Tensor<'MAK'> {
  const predict = (images_NCHW: Tensor<'NCHW'>) =>
    logSoftmax(unflatten(classifier.classify(images_NCHW), 'N', { as: 'MA', count: noises }), 'K')
  const adversarial_MACHW = classifier.withoutParameterGradients(() =>
    pgdAttack(
      {
        divergence: images_NCHW => attackObjective(predict(images_NCHW)),
        clean_ACHW: indexSelect(clean_BCHW, 'B', images_A),
        denoised_MACHW: indexSelect(denoised_MBCHW, 'B', images_A),
        noises,
      },
      attack,
    ),
  )
  return classifier.training(() => predict(flatten(adversarial_MACHW, 'MA', 'N')))
}
