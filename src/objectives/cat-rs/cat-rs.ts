import { type CatRsSettings, catRsSchema } from '../../config/methods/cat-rs'
import { seenCopies } from '../../smoothing/smoothing'
import {
  argmax,
  type Classifier,
  eq,
  indexSelect,
  max,
  pick,
  type SoftLabels,
  sum,
  type Tensor,
} from '../../torch'
import type { PgdOptions } from '../attacks/pgd-attack'
import { PER_UNIT } from '../attacks/shift-attack'
import { attackAndClassify } from '../ft-cadis/adversarial'
import { checkSelection } from '../ft-cadis/check-selection'
import { withoutCopies } from '../ft-cadis/compose'
import { epsilonAt } from '../ft-cadis/epsilon'
import type { Selection } from '../ft-cadis/select-images'
import { type SelectionTensors, selectionTensors } from '../ft-cadis/selection-tensors'
import { loadSoftLabels } from '../load-soft-labels'
import { logProbabilities } from '../log-probabilities'
import { crossEntropy, klFromProbabilities, selectiveCrossEntropy, totalLoss } from '../losses'
import type { Form, Objective } from '../objective'
import { exactPasses } from '../passes'
import { recognizedCount } from '../recognized'
import { trainingAccuracyMetric } from '../shared-metrics'
import { drawBinomial, selectNoises, voteShares } from './select-noises'

export interface CatRsForm extends Form {
  readonly settings: CatRsSettings
  readonly prepared: { readonly softLabels: SoftLabels }
  readonly asked: {
    /** [M][B]: whether a noisy image gets its label. */
    readonly correct: Tensor<'MB', boolean>
    /** [M][B] */
    readonly crossEntropy: Tensor<'MB'>
    /** `[B]`: probability of the label in the file of predictions. */
    readonly ofLabel: Tensor<'B'>
  }
  readonly kept: {
    readonly seen_MBCHW: Tensor<'MBCHW'>
    readonly logProbabilities_MBK: Tensor<'MBK'>
    readonly target_BK: Tensor<'BK'>
  }
  readonly decision: Selection
  readonly given: SelectionTensors
  readonly sums: 'easiest' | 'adversarial' | 'kept' | 'attacked' | 'recognized'
  readonly made: null
}

/** The attack of this method, on images in [-1, 1]: lengths in the settings and constants of the released code are doubled. */
export function catRsAttack({
  steps,
  epsilon,
}: {
  readonly steps: number
  readonly epsilon: number
}): PgdOptions {
  return {
    ...{ steps, epsilon: PER_UNIT * epsilon, restandardize: true },
    // A gradient for pixels in [-1, 1] is half of that for pixels in [0, 1].
    ...{ gradientFloor: 1e-8 / PER_UNIT, projectionFloor: 1e-7 * PER_UNIT },
  }
}

/** Returns the terms of each image. */
export function catRsLosses(
  {
    logProbabilities_MBK,
    labels_B,
    weights_MB,
  }: {
    readonly logProbabilities_MBK: Tensor<'MBK'>
    readonly labels_B: Tensor<'B'>
    readonly weights_MB: Tensor<'MB'>
  },
  adversarial: {
    readonly logProbabilities_MAK: Tensor<'MAK'>
    readonly target_AK: Tensor<'AK'>
  } | null,
): {
  readonly crossEntropy_MB: Tensor<'MB'>
  /** The smallest cross-entropies, divided by M. */
  readonly easiest_B: Tensor<'B'>
  readonly divergence_MA: Tensor<'MA'> | null
  /** The largest divergence, for every attacked image. */
  readonly worst_A: Tensor<'A'> | null
} {
  const crossEntropy_MB = crossEntropy(logProbabilities_MBK, labels_B)
  const divergence_MA =
    adversarial === null ? null : klFromProbabilities(adversarial.target_AK, adversarial.logProbabilities_MAK)
  return {
    crossEntropy_MB,
    easiest_B: selectiveCrossEntropy(crossEntropy_MB, weights_MB),
    divergence_MA,
    worst_A: divergence_MA === null ? null : max(divergence_MA, 'M'),
  }
}

/**
 * Cross-entropy on an image's easiest noisy copies, their number drawn by their confidence, and if that is all of them, the worst
 * divergence under adversarial noise (Jeong et al., 2023).
 */
export const catRs: Objective<CatRsForm> = {
  kind: 'cat-rs',
  settings: catRsSchema,
  copies: ({ noises }) => noises,
  usesIndices: true,
  files: ({ predictions }) => ({ 'method.predictions': predictions }),
  prepare: async ({ settings, trainSet }) => ({ softLabels: await loadSoftLabels(trainSet, settings) }),
  at: ({ epoch }, settings) => {
    const { attack } = settings
    return { ...settings, attack: { ...attack, epsilon: epsilonAt(epoch - 1, attack.epsilon) } }
  },
  look: ({ networks: { classifier }, smoothing, batch: { labels_B }, clean_BCHW, noise_MBCHW, ...step }) => {
    const { settings, prepared, indices_B } = step
    const { noises } = settings
    if (indices_B === undefined) throw new TypeError('CAT-RS needs the places of the images in the data set.')
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
    const logProbabilities_MBK = classifier.training(() => logProbabilities(classifier, seen_MBCHW, noises))
    const target_BK = prepared.softLabels.rows(indices_B)
    return {
      asked: {
        correct: eq(argmax(logProbabilities_MBK, 'K'), labels_B),
        crossEntropy: crossEntropy(logProbabilities_MBK, labels_B),
        ofLabel: pick(target_BK, 'K', labels_B),
      },
      kept: { seen_MBCHW, logProbabilities_MBK, target_BK },
    }
  },
  decide: (judgement, { settings: { noises, confidence }, random }) => {
    const shares = confidence === 'votes' ? voteShares(judgement.correct) : judgement.ofLabel
    return selectNoises(
      judgement.crossEntropy,
      shares.map(share => drawBinomial(noises, share, random)),
    )
  },
  check: (selection, { correct }, rule) =>
    checkSelection(selection, { noises: correct.length, images: correct[0]?.length ?? 0, rule }),
  count: ({ keptCounts, attacked }) => ({
    kept: keptCounts.reduce((total, kept) => total + kept, 0),
    attacked: attacked.length,
  }),
  // With batch normalisation, all images pass through the attack and count in its statistics.
  given: (selection, { networks, passSizes }) =>
    selectionTensors(networks.classifier, selection, { adversarial: 'masked', passSizes }),
  loss: (
    { networks: { classifier }, batch: { labels_B }, clean_BCHW, settings, imagesPerUpdate },
    { kept: { seen_MBCHW, logProbabilities_MBK, target_BK }, given },
  ) => {
    const { noises, lambda, attack } = settings
    const { weights_MB, forwarded_A, lossImages, filledUp } = given
    const adversarial =
      forwarded_A === null
        ? null
        : attacked(classifier, {
            ...{ clean_BCHW, seen_MBCHW, target_BK, images_A: forwarded_A, filledUp, noises },
            attack: catRsAttack({ ...attack, epsilon: epsilonInForce(attack.epsilon) }),
          })
    const { easiest_B, worst_A } = catRsLosses({ logProbabilities_MBK, labels_B, weights_MB }, adversarial)
    const counted_A =
      worst_A === null || lossImages === 'none'
        ? null
        : lossImages === 'all'
          ? worst_A
          : indexSelect(worst_A, 'A', lossImages)
    return {
      total: totalLoss(easiest_B, counted_A, { lambda, imagesPerUpdate }),
      sums: {
        easiest: sum(easiest_B),
        adversarial: counted_A === null ? null : sum(counted_A),
        recognized: recognizedCount(logProbabilities_MBK, labels_B),
      },
    }
  },
  sums: ['easiest', 'adversarial', 'kept', 'attacked', 'recognized'],
  metrics: {
    easiest: {
      label: 'CE',
      caption: 'Cross-entropy of the easiest noisy images of each image, divided by M.',
      tag: 'loss/easiest',
      isHeadline: true,
    },
    adversarial: {
      label: 'adversarial',
      caption:
        'Largest divergence under adversarial noise, for images whose adversarial term counts, before λ.',
      tag: 'loss/adversarial',
      isHeadline: true,
    },
    keptShare: {
      label: 'kept',
      caption: 'Share of noisy images that the cross-entropy uses.',
      tag: 'train/kept_share',
      unit: 'share',
      of: ({ kept }, { copies }) => kept / copies,
    },
    attackedShare: {
      label: 'attacked',
      caption: 'Share of images whose adversarial term counts.',
      tag: 'attack/attacked_share',
      unit: 'share',
      of: ({ attacked: counted }, { images }) => counted / images,
    },
    trainingAccuracy: trainingAccuracyMetric('Accuracy on noisy training images, in training mode.'),
    epsilon: {
      label: 'attack radius ε',
      caption: 'Attack radius ε, for pixels in [0, 1].',
      tag: 'attack/epsilon',
      isExact: true,
      of: (_sums, { settings }) => epsilonInForce(settings.attack.epsilon),
    },
  },
  passes: ({ noises, attack }, { hasDenoiser, usesBatchStatistics }) => {
    const most = noises * (attack.steps + 2)
    const least = usesBatchStatistics ? most : noises
    return {
      ...exactPasses({ denoiser: hasDenoiser ? noises : 0, forward: most, backward: most }),
      classifierForward: { least, most },
      classifierBackward: { least, most },
    }
  },
  footprint: ({ noises }) => ({ graphs: noises, attacked: noises, frozenCopies: 0 }),
}

/** Returns log-probabilities of the given images under adversarial noise in training mode, and the targets. */
function attacked(
  classifier: Classifier,
  {
    clean_BCHW,
    seen_MBCHW,
    target_BK,
    images_A,
    filledUp,
    ...options
  }: {
    readonly clean_BCHW: Tensor<'BCHW'>
    readonly seen_MBCHW: Tensor<'MBCHW'>
    readonly target_BK: Tensor<'BK'>
    readonly images_A: Tensor<'A'>
    readonly filledUp: SelectionTensors['filledUp']
    readonly noises: number
    readonly attack: PgdOptions
  },
): { readonly logProbabilities_MAK: Tensor<'MAK'>; readonly target_AK: Tensor<'AK'> } {
  const targetOf = (images_A: Tensor<'A'>) => indexSelect(target_BK, 'B', images_A)
  const passed_A = filledUp?.images_A ?? images_A
  const passedTarget_AK = targetOf(passed_A)
  const passed_MAK = attackAndClassify(
    classifier,
    { clean_BCHW, denoised_MBCHW: seen_MBCHW },
    {
      ...{ ...options, images_A: passed_A },
      attackObjective: predicted_MAK => klFromProbabilities(passedTarget_AK, predicted_MAK),
    },
  )
  return { logProbabilities_MAK: withoutCopies(passed_MAK, filledUp), target_AK: targetOf(images_A) }
}

/** Returns the radius for one epoch. */
function epsilonInForce(epsilon: CatRsSettings['attack']['epsilon']): number {
  if (typeof epsilon === 'number') return epsilon
  throw new TypeError('The attack radius follows a schedule, expected that of one epoch.')
}
