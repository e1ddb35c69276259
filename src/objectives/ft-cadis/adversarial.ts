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
import type { ObjectiveOptions } from './compose'
import type { Inspection } from './inspect'

/** The images that Eq. 9 looks at: attacked, classified, and how far their predictions are from the target. */

/** How far predictions for adversarial images are from the target of each image. */
export type Divergence = (logProbabilities_MAK: Tensor<'MAK'>) => Tensor<'MA'>

export type TargetOptions = Pick<ObjectiveOptions, 'noises' | 'adversarialTarget' | 'targetGradient'>

/** For the attack, which never changes the target, and for the loss, of the given images of a batch. */
export function divergences(
  { logProbabilities_MBK, labels_B }: Pick<Inspection, 'logProbabilities_MBK' | 'labels_B'>,
  images_A: Tensor<'A'>,
  { noises, adversarialTarget, targetGradient }: TargetOptions,
): { ascended: Divergence; learnt: Divergence } {
  if (adversarialTarget === 'hard') {
    const labels_A = indexSelect(labels_B, 'B', images_A)
    const fromLabel: Divergence = logProbabilities_MAK => crossEntropy(logProbabilities_MAK, labels_A)
    return { ascended: fromLabel, learnt: fromLabel }
  }
  const live_AK = consistencyTarget(indexSelect(logProbabilities_MBK, 'B', images_A), noises)
  const detached_AK = detach(live_AK)
  const learnt_AK = targetGradient === 'live' ? live_AK : detached_AK
  return {
    ascended: logProbabilities_MAK => klDivergence(detached_AK, logProbabilities_MAK),
    learnt: logProbabilities_MAK => klDivergence(learnt_AK, logProbabilities_MAK),
  }
}

/** log softmax for the adversarial images of the given images of a batch, with the graph to the parameters. */
export function attackAndClassify(
  classifier: Classifier,
  inspection: Inspection,
  {
    images_A,
    ascended,
    noises,
    attack,
  }: Pick<ObjectiveOptions, 'noises' | 'attack'> & {
    readonly images_A: Tensor<'A'>
    readonly ascended: Divergence
  },
): Tensor<'MAK'> {
  const predict = (images_NCHW: Tensor<'NCHW'>) =>
    logSoftmax(unflatten(classifier.classify(images_NCHW), 'N', { as: 'MA', count: noises }), 'K')
  const adversarial_MACHW = classifier.withoutParameterGradients(() =>
    pgdAttack(
      {
        divergence: images_NCHW => ascended(predict(images_NCHW)),
        clean_ACHW: indexSelect(inspection.clean_BCHW, 'B', images_A),
        denoised_MACHW: indexSelect(inspection.denoised_MBCHW, 'B', images_A),
        noises,
      },
      attack,
    ),
  )
  return classifier.training(() => predict(flatten(adversarial_MACHW, 'MA', 'N')))
}
