import { seenCopies } from '../../smoothing/smoothing'
import { argmax, type Classifier, eq, noGrad, type Tensor } from '../../torch'
import { logProbabilities } from '../log-probabilities'
import { crossEntropy } from '../losses'
import type { StepInputs } from '../objective'

/** The denoised images of a micro-batch and their predictions. Images are in [-1, 1]. */
export interface DenoisedBatch {
  readonly clean_BCHW: Tensor<'BCHW'>
  readonly labels_B: Tensor<'B'>
  readonly denoised_MBCHW: Tensor<'MBCHW'>
  /** log softmax of the logits of the denoised images, with the graph to the parameters. */
  readonly logProbabilities_MBK: Tensor<'MBK'>
  readonly crossEntropy_MB: Tensor<'MB'>
  /** Whether the trained classifier assigns the label to a denoised image. */
  readonly recognized_MB: Tensor<'MB', boolean>
  /** Whether the selector does (Eq. 7). */
  readonly correct_MB: Tensor<'MB', boolean>
  /** Cross-entropy of the selector, for the cold start. */
  readonly selectorCrossEntropy_MB: Tensor<'MB'>
}

export interface DenoiseAndClassifyOptions {
  readonly noises: number
  /** The classifier that decides D_nh, if it is not the trained one (Table 6). */
  readonly selector?: Classifier | null | undefined
}

/** Steps 1 to 4 of Algorithm 1: noise, denoise, classify in training mode, judge. One forward serves the judgement, ŷ and the loss. */
export function denoiseAndClassify(
  {
    networks: { classifier },
    smoothing,
    batch: { labels_B },
    clean_BCHW,
    noise_MBCHW,
  }: Pick<StepInputs, 'networks' | 'smoothing' | 'batch' | 'clean_BCHW' | 'noise_MBCHW'>,
  { noises, selector = null }: DenoiseAndClassifyOptions,
): DenoisedBatch {
  return classifier.session.scope(() => {
    const denoised_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
    const logProbabilities_MBK = classifier.training(() =>
      logProbabilities(classifier, denoised_MBCHW, noises),
    )
    const crossEntropy_MB = crossEntropy(logProbabilities_MBK, labels_B)
    const recognized_MB = eq(argmax(logProbabilities_MBK, 'K'), labels_B)
    const classified = {
      clean_BCHW,
      labels_B,
      denoised_MBCHW,
      logProbabilities_MBK,
      crossEntropy_MB,
      recognized_MB,
    }
    if (selector === null) {
      return { ...classified, correct_MB: recognized_MB, selectorCrossEntropy_MB: crossEntropy_MB }
    }
    const selector_MBK = noGrad(classifier.session, () => logProbabilities(selector, denoised_MBCHW, noises))
    return {
      ...classified,
      correct_MB: eq(argmax(selector_MBK, 'K'), labels_B),
      selectorCrossEntropy_MB: crossEntropy(selector_MBK, labels_B),
    }
  })
}
