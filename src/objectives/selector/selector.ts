import { type SelectorSettings, selectorSchema } from '../../config/methods/selector'
import { leadingClass } from '../../smoothing/leading-class'
import { seenCopies } from '../../smoothing/smoothing'
import { div, mean, pick, type SoftLabels, sum, to } from '../../torch'
import { loadSoftLabels } from '../load-soft-labels'
import { logProbabilities } from '../log-probabilities'
import { crossEntropy } from '../losses'
import type { Objective, SimpleForm } from '../objective'
import { exactPasses } from '../passes'
import { recognizedCount } from '../recognized'
import { crossEntropyMetric, trainingAccuracyMetric } from '../shared-metrics'
import { choiceEvaluation } from './choice-evaluation'
import { selectorTargets } from './selector-target'

export interface SelectorForm
  extends Omit<SimpleForm<SelectorSettings, 'crossEntropy' | 'recognized' | 'certified'>, 'prepared'> {
  readonly prepared: { readonly softLabels: SoftLabels }
}

/** Share of test images that the selector sends to the certification network. */
const selection = choiceEvaluation({
  label: 'selected',
  what: 'that the selector sends to the certification network',
  tag: 'selected',
  counted: (classifier, images_NCHW) => sum(to(leadingClass(classifier.classify(images_NCHW)), 'float32')),
})

/**
 * The selector of ACES (Horváth et al., 2022): a classifier with two classes, 1 if the certification network is right under noise often
 * enough. Its training was not released: the binary target is inferred from the names of the released models, and the cross-entropy loss is
 * from memory.
 */
export const selector: Objective<SelectorForm> = {
  kind: 'selector',
  settings: selectorSchema,
  copies: ({ noises }) => noises,
  usesIndices: true,
  head: () => 2,
  files: ({ predictions }) => ({ 'method.predictions': predictions }),
  prepare: async ({ settings, trainSet }) => ({ softLabels: await loadSoftLabels(trainSet, settings) }),
  loss: ({ networks: { classifier }, smoothing, batch, clean_BCHW, noise_MBCHW, ...step }) => {
    const { settings, prepared, indices_B, imagesPerUpdate } = step
    const { noises } = settings
    if (indices_B === undefined) {
      throw new TypeError('A selector needs the places of the images in the data set.')
    }
    const accuracy_B = pick(prepared.softLabels.rows(indices_B), 'K', batch.labels_B)
    const targets_B = selectorTargets(accuracy_B, settings)
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
    const log_MBK = classifier.training(() => logProbabilities(classifier, seen_MBCHW, noises))
    const loss = sum(mean(crossEntropy(log_MBK, targets_B), 'M'))
    const recognized = recognizedCount(log_MBK, targets_B)
    const certified = sum(to(targets_B, 'float32'))
    return { total: div(loss, imagesPerUpdate), sums: { crossEntropy: loss, recognized, certified } }
  },
  sums: ['crossEntropy', 'recognized', 'certified'],
  metrics: {
    crossEntropy: crossEntropyMetric(
      'Cross-entropy with which network an image is for, the mean over the noises of an image.',
    ),
    trainingAccuracy: trainingAccuracyMetric(
      'Share of noisy training images for which the selector names the network that they are for, in training mode.',
    ),
    certifiedShare: {
      label: 'for the certification network',
      caption: 'Share of training images labelled for the certification network.',
      tag: 'train/certified_share',
      unit: 'share',
      of: ({ certified }, { images }) => certified / images,
    },
  },
  passes: ({ noises }, { hasDenoiser }) =>
    exactPasses({ denoiser: hasDenoiser ? noises : 0, forward: noises, backward: noises }),
  footprint: ({ noises }) => ({ graphs: noises, attacked: 0, frozenCopies: 0 }),
  evaluation: selection,
}
