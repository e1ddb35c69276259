import { type MacerSettings, macerSchema } from '../config/methods/macer'
import { seenCopies } from '../smoothing/smoothing'
import {
  type Axes,
  add,
  axisOf,
  div,
  erfinv,
  flatten,
  indexSelect,
  log,
  mean,
  mul,
  noGrad,
  pick,
  select,
  softmax,
  sub,
  sum,
  type Tensor,
  tensor,
  topk,
  unflatten,
  type Without,
} from '../torch'
import type { Form, Objective } from './objective'
import { exactPasses } from './passes'
import { recognizedCount } from './recognized'
import { crossEntropyMetric, trainingAccuracyMetric } from './shared-metrics'

export interface MacerForm extends Form {
  readonly settings: MacerSettings
  readonly prepared: null
  readonly asked: {
    /** `[B]`: the class with the largest share of soft votes. */
    readonly leading: Tensor<'B'>
    /** `[B]`: the radius in units of σ/2. */
    readonly margin: Tensor<'B'>
  }
  readonly kept: { readonly logits_MBK: Tensor<'MBK'> }
  /** Images whose radius is maximised: indices in 0..B-1, ascending. */
  readonly decision: readonly number[]
  readonly given: { readonly maximized_A: Tensor<'A'> | null }
  readonly sums: 'crossEntropy' | 'robustness' | 'maximized' | 'recognized'
  readonly made: null
}

/** Keeps -log of the mean probability finite; the released code's constant. */
const PROBABILITY_FLOOR = 1e-10

/** Returns the two largest shares of soft votes for each image, softmax of β times the logits, and their classes. */
export function softVotes<A extends Axes>(
  logits: Tensor<A>,
  { beta }: Pick<MacerSettings, 'beta'>,
): { readonly shares: Tensor<Without<A, 'M'>>; readonly classes: Tensor<Without<A, 'M'>> } {
  const votes = mean<A, 'M'>(softmax(mul(logits, beta), axisOf(logits, 'K')), axisOf(logits, 'M'))
  const { values, indices } = topk(votes, axisOf(votes, 'K'), { count: 2 })
  return { shares: values, classes: indices }
}

/** ξ = Φ⁻¹(p̃₁) - Φ⁻¹(p̃₂), with Φ⁻¹(p) = √2 erfinv(2p - 1): infinite if a share rounds to 0 or 1. */
export function marginOf<A extends Axes>(shares: Tensor<A>): Tensor<Without<A, 'K'>> {
  const quantiles = mul(erfinv(sub(mul(shares, 2), 1)), Math.SQRT2)
  const K = axisOf(quantiles, 'K')
  return sub(select<A, 'K'>(quantiles, K, 0), select<A, 'K'>(quantiles, K, 1))
}

/**
 * Returns the images whose radius is maximised: those that the soft votes assign to their label, with a finite margin of at most γ. Decides
 * this before differentiating the margin; a later mask would leave NaN in the gradient if a share is 0.
 */
export function maximizedImages(
  { leading, margin }: { readonly leading: readonly number[]; readonly margin: readonly number[] },
  { labels, lambda, gamma }: Pick<MacerSettings, 'lambda' | 'gamma'> & { readonly labels: readonly number[] },
): number[] {
  if (lambda === 0) return []
  return labels.flatMap((label, image) => {
    const own = margin[image] ?? Number.NaN
    return leading[image] === label && Number.isFinite(own) && Math.abs(own) <= gamma ? [image] : []
  })
}

/** Returns the terms of MACER: for every image, and for those whose radius is maximised. */
export function macerLosses(
  logits_MBK: Tensor<'MBK'>,
  {
    labels_B,
    maximized_A,
    beta,
    gamma,
    sigma,
  }: Pick<MacerSettings, 'beta' | 'gamma'> & {
    readonly labels_B: Tensor<'B'>
    readonly maximized_A: Tensor<'A'> | null
    readonly sigma: number
  },
): { readonly crossEntropy_B: Tensor<'B'>; readonly robustness_A: Tensor<'A'> | null } {
  const mean_BK = mean(softmax(logits_MBK, 'K'), 'M')
  const crossEntropy_B = mul(log(add(pick(mean_BK, 'K', labels_B), PROBABILITY_FLOOR)), -1)
  if (maximized_A === null) return { crossEntropy_B, robustness_A: null }
  const { shares } = softVotes(indexSelect(logits_MBK, 'B', maximized_A), { beta })
  const missing_A = add(mul(marginOf(shares), -1), gamma)
  return { crossEntropy_B, robustness_A: mul(missing_A, sigma / 2) }
}

/** Cross-entropy of the mean prediction, and the certified radius itself if it can grow (Zhai et al., 2020). */
export const macer: Objective<MacerForm> = {
  kind: 'macer',
  settings: macerSchema,
  copies: ({ noises }) => noises,
  at: ({ epoch }, settings) =>
    epoch - 1 < settings.robustnessFromEpoch ? { ...settings, lambda: 0 } : settings,
  look: ({ networks: { classifier }, smoothing, clean_BCHW, noise_MBCHW, settings }) => {
    const { noises } = settings
    const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
    const logits_NK = classifier.training(() => classifier.classify(flatten(seen_MBCHW, 'MB', 'N')))
    const logits_MBK = unflatten(logits_NK, 'N', { as: 'MB', count: noises })
    const asked = noGrad(classifier.session, () => {
      const { shares, classes } = softVotes(logits_MBK, settings)
      return { leading: select(classes, 'K', 0), margin: marginOf(shares) }
    })
    return { asked, kept: { logits_MBK } }
  },
  decide: (judgement, { settings, labels }) => maximizedImages(judgement, { ...settings, labels }),
  count: maximized => ({ maximized: maximized.length }),
  given: (maximized, { networks }) => ({
    maximized_A:
      maximized.length === 0
        ? null
        : tensor(networks.classifier.session, [...maximized], { axes: 'A', dtype: 'int64' }),
  }),
  loss: (
    { batch: { labels_B }, smoothing: { sigma }, settings, imagesPerUpdate },
    { kept: { logits_MBK }, given: { maximized_A } },
  ) => {
    const losses = macerLosses(logits_MBK, { ...settings, labels_B, maximized_A, sigma })
    const crossEntropy = sum(losses.crossEntropy_B)
    const robustness = losses.robustness_A === null ? null : sum(losses.robustness_A)
    const total = robustness === null ? crossEntropy : add(crossEntropy, mul(robustness, settings.lambda))
    return {
      total: div(total, imagesPerUpdate),
      sums: { crossEntropy, robustness, recognized: recognizedCount(logits_MBK, labels_B) },
    }
  },
  sums: ['crossEntropy', 'robustness', 'maximized', 'recognized'],
  metrics: {
    crossEntropy: crossEntropyMetric('-log of the mean probability of the label over the noises.'),
    robustness: {
      label: 'robustness',
      caption:
        'Difference between γ σ/2 and the radius, for images whose radius is maximised, else 0; before λ.',
      tag: 'loss/robustness',
      isHeadline: true,
    },
    maximizedShare: {
      label: 'maximised',
      caption: 'Share of images whose radius is maximised.',
      tag: 'train/maximized_share',
      unit: 'share',
      of: ({ maximized }, { images }) => maximized / images,
    },
    trainingAccuracy: trainingAccuracyMetric('Accuracy on noisy training images, in training mode.'),
  },
  passes: ({ noises }, { hasDenoiser }) =>
    exactPasses({ denoiser: hasDenoiser ? noises : 0, forward: noises, backward: noises }),
  footprint: ({ noises }) => ({ graphs: noises, attacked: 0, frozenCopies: 0 }),
}
