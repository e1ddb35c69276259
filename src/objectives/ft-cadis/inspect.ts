import { noiseAndDenoise, toSymmetric } from '../../smoothing/denoise'
import type { NoiseLevel } from '../../smoothing/noise-level'
import {
  argmax,
  type Batch,
  type Classifier,
  type Denoiser,
  eq,
  flatten,
  type Generator,
  logSoftmax,
  noGrad,
  type Tensor,
  unflatten,
} from '../../torch'
import { crossEntropy } from '../losses'

/**
 * The first half of Algorithm 1 for one micro-batch: makes the denoised images and asks the classifier about them. A
 * selection rule then decides on plain numbers; `objective.ts` is the second half.
 */

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
