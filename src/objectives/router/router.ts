import { type RouterSettings, routerSchema } from '../../config/methods/router'
import { leadingClass } from '../../smoothing/leading-class'
import { seenCopies } from '../../smoothing/smoothing'
import {
  add,
  argmax,
  div,
  eq,
  gt,
  mean,
  mul,
  pick,
  type SoftLabels,
  select,
  sub,
  sum,
  type Tensor,
  to,
} from '../../torch'
import { loadVotes } from '../load-soft-labels'
import { logProbabilities } from '../log-probabilities'
import type { Objective, SimpleForm } from '../objective'
import { exactPasses } from '../passes'
import { choiceEvaluation } from '../selector/choice-evaluation'
import { crossEntropyMetric } from '../shared-metrics'
import { certifiedShare, defaultRadii, leastOf, mostOf, thresholds } from './router-values'

/** Data about an expert: its votes on training images, and how many of them certify at each radius. */
interface Expert {
  readonly softLabels: SoftLabels
  readonly thresholds: readonly number[]
}

export interface RouterForm
  extends Omit<SimpleForm<RouterSettings, 'crossEntropy' | 'chosen' | 'best'>, 'prepared'> {
  readonly prepared: { readonly experts: readonly Expert[] }
}

/** Share of test images that the router does not leave to the expert of the smallest noise level. */
const evaluation = choiceEvaluation({
  label: 'routed',
  what: 'that the router sends to an expert other than that of the smallest noise level',
  tag: 'routed',
  counted: (classifier, images_NCHW) =>
    sum(to(gt(leadingClass(classifier.classify(images_NCHW)), 0), 'float32')),
})

/**
 * A router: a classifier whose classes are experts. The value of an expert for an image is the share of the radii at which its votes
 * certify the image. The loss is −Σ_k (v_k − min v) log q_k: an image has more weight if the choice matters more. The probability that
 * minimises the loss is largest for the expert with the largest mean value.
 */
export const router: Objective<RouterForm> = {
  kind: 'router',
  settings: routerSchema,
  copies: ({ noises }) => noises,
  usesIndices: true,
  head: (_data, { experts }) => experts.length,
  files: ({ experts }) =>
    Object.fromEntries(
      experts.map(({ predictions }, place) => [`method.experts.${place}.predictions`, predictions]),
    ),
  prepare: async ({ settings, trainSet }) => {
    const radii = settings.radii ?? defaultRadii(settings.experts.map(({ sigma }) => sigma))
    const experts: Expert[] = []
    for (const [place, { sigma, predictions }] of settings.experts.entries()) {
      const field = `method.experts.${place}.predictions`
      const { softLabels, votes } = await loadVotes(trainSet, { predictions, field })
      experts.push({ softLabels, thresholds: thresholds(radii, { sigma, votes }) })
    }
    return { experts }
  },
  loss: ({ networks: { classifier }, smoothing, batch, clean_BCHW, noise_MBCHW, ...step }) => {
    const { settings, prepared, indices_B, imagesPerUpdate } = step
    const { noises } = settings
    if (indices_B === undefined) {
      throw new TypeError('A router needs the places of the images in the data set.')
    }
    const values = prepared.experts.map(({ softLabels, thresholds: needed }) =>
      certifiedShare(pick(softLabels.rows(indices_B), 'K', batch.labels_B), { thresholds: needed }),
    ) as unknown as readonly [Tensor<'B'>, ...Tensor<'B'>[]]
    const least_B = leastOf(values)
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
    const log_MBK = classifier.training(() => logProbabilities(classifier, seen_MBCHW, noises))
    const choice_MB = argmax(log_MBK, 'K')
    const each = values.map((value_B, expert) => ({
      loss_MB: mul(mul(select(log_MBK, 'K', expert), sub(value_B, least_B)), -1),
      chosen_MB: mul(to(eq(choice_MB, expert), 'float32'), value_B),
    }))
    const total = (terms: readonly Tensor<'MB'>[]) =>
      sum(
        mean(
          terms.reduce((sum_MB, term_MB) => add(sum_MB, term_MB)),
          'M',
        ),
      )
    const loss = total(each.map(({ loss_MB }) => loss_MB))
    const chosen = total(each.map(({ chosen_MB }) => chosen_MB))
    const best = sum(mostOf(values))
    return { total: div(loss, imagesPerUpdate), sums: { crossEntropy: loss, chosen, best } }
  },
  sums: ['crossEntropy', 'chosen', 'best'],
  metrics: {
    crossEntropy: crossEntropyMetric(
      'Cross-entropy with which expert an image is for, weighted by how much it matters, the mean over the noises of an image.',
    ),
    chosenShare: {
      label: 'certified by the choice',
      caption:
        'Share of the radii at which the expert that the router chooses under noise certifies a training image.',
      tag: 'train/certified_by_choice',
      unit: 'share',
      of: ({ chosen }, { images }) => chosen / images,
    },
    bestShare: {
      label: 'certified by the best',
      caption: 'Share of the radii at which the best expert certifies a training image.',
      tag: 'train/certified_by_best',
      unit: 'share',
      of: ({ best }, { images }) => best / images,
    },
  },
  passes: ({ noises }, { hasDenoiser }) =>
    exactPasses({ denoiser: hasDenoiser ? noises : 0, forward: noises, backward: noises }),
  footprint: ({ noises }) => ({ graphs: noises, attacked: 0, frozenCopies: 0 }),
  evaluation,
}
