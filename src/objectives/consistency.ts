import { type ConsistencySettings, consistencySchema } from '../config/methods/consistency'
import { seenCopies } from '../smoothing/smoothing'
import {
  add,
  clampMin,
  detach,
  div,
  exp,
  log,
  mean,
  mul,
  select,
  square,
  sub,
  sum,
  type Tensor,
} from '../torch'
import { type AttackNoise, attackNoise, drawnFrom } from './attack-noise'
import { type ShiftAttack, shiftAttack } from './attacks/shift-attack'
import { logProbabilities } from './log-probabilities'
import { consistencyTarget, crossEntropy, klDivergence } from './losses'
import type { Form, Objective, StepInputs } from './objective'
import { exactPasses } from './passes'
import { rampFactor } from './ramp'
import { recognizedCount } from './recognized'
import { crossEntropyMetric, trainingAccuracyMetric } from './shared-metrics'

export interface ConsistencyForm extends Form {
  readonly settings: ConsistencySettings
  readonly prepared: null
  readonly asked: null
  readonly kept: null
  readonly decision: null
  readonly given: AttackNoise | null
  readonly sums: 'crossEntropy' | 'divergence' | 'entropy' | 'regularizer' | 'recognized'
  readonly made: null
}

/** Keeps the logarithm in the entropy finite; the released code's constant. */
const ENTROPY_FLOOR = 1e-20

/** Returns the terms of each image from log-probabilities of its noisy copies. */
export function consistencyLosses(
  logProbabilities_MBK: Tensor<'MBK'>,
  labels_B: Tensor<'B'>,
  { noises, targetGradient, ...regularizer }: Omit<ConsistencySettings, 'kind' | 'attack'>,
): {
  readonly crossEntropy_MB: Tensor<'MB'>
  /** KL(p̄ ‖ p_m) of the mean prediction and the prediction under each noise. */
  readonly divergence_MB: Tensor<'MB'>
  /** Of the mean prediction. */
  readonly entropy_B: Tensor<'B'>
  /** The sum added to the cross-entropy, including weights. */
  readonly regularizer_B: Tensor<'B'>
} {
  const { form, lambda, eta } = regularizer
  const live_BK = consistencyTarget(logProbabilities_MBK, noises)
  const logMean_BK = targetGradient === 'live' ? live_BK : detach(live_BK)
  const divergence_MB = klDivergence(logMean_BK, logProbabilities_MBK)
  const mean_BK = exp(logMean_BK)
  const entropy_B = mul(sum(mul(log(clampMin(mean_BK, ENTROPY_FLOOR)), mean_BK), 'K'), -1)
  const kl_B = mean(divergence_MB, 'M')
  const regularizerOf = {
    default: () => add(mul(kl_B, lambda), mul(entropy_B, eta)),
    xent: () => mul(add(kl_B, entropy_B), lambda),
    kl: () => mul(kl_B, lambda),
    mse: () => mul(squaredDistance(logProbabilities_MBK), lambda),
    jsd: () => mul(mean(divergenceFrom(logProbabilities_MBK, logMean_BK), 'M'), lambda),
  }
  return {
    crossEntropy_MB: crossEntropy(logProbabilities_MBK, labels_B),
    divergence_MB,
    entropy_B,
    regularizer_B: regularizerOf[form](),
  }
}

/** Returns KL(p_m ‖ p̄) of the prediction p_m under each noise and the mean prediction p̄. */
function divergenceFrom(logProbabilities_MBK: Tensor<'MBK'>, logMean_BK: Tensor<'BK'>): Tensor<'MB'> {
  return sum(mul(sub(logProbabilities_MBK, logMean_BK), exp(logProbabilities_MBK)), 'K')
}

/** Returns the squared distance between the predictions under the first two noises. */
function squaredDistance(logProbabilities_MBK: Tensor<'MBK'>): Tensor<'B'> {
  const under = (noise: number) => exp(select(logProbabilities_MBK, 'M', noise))
  return sum(square(sub(under(0), under(1))), 'K')
}

/**
 * Cross-entropy on noisy images, and a regulariser that draws their predictions towards their mean, and the mean towards certainty (Jeong
 * and Shin, 2020); with `attack`, on adversarial images.
 */
export const consistency: Objective<ConsistencyForm> = {
  kind: 'consistency',
  settings: consistencySchema,
  copies: ({ noises }) => noises,
  at: ({ epoch }, settings) => {
    const { attack } = settings
    if (attack === null) return settings
    return { ...settings, attack: { ...attack, epsilon: attack.epsilon * rampFactor(epoch, attack) } }
  },
  given: (_decision, context) => (context.settings.attack === null ? null : attackNoise(context)),
  loss: (inputs, { given }) => {
    const { networks, smoothing, batch, noise_MBCHW, settings, imagesPerUpdate } = inputs
    const { classifier } = networks
    const { noises } = settings
    const images_BCHW = adversarialImages(inputs, given)
    const seen_MBCHW = seenCopies(smoothing, images_BCHW, { noise_MBCHW, noises })
    const logProbabilities_MBK = classifier.training(() => logProbabilities(classifier, seen_MBCHW, noises))
    const losses = consistencyLosses(logProbabilities_MBK, batch.labels_B, settings)
    const crossEntropySum = sum(mean(losses.crossEntropy_MB, 'M'))
    const regularizer = sum(losses.regularizer_B)
    return {
      total: div(add(crossEntropySum, regularizer), imagesPerUpdate),
      sums: {
        crossEntropy: crossEntropySum,
        divergence: sum(mean(losses.divergence_MB, 'M')),
        entropy: sum(losses.entropy_B),
        regularizer,
        recognized: recognizedCount(logProbabilities_MBK, batch.labels_B),
      },
    }
  },
  sums: ['crossEntropy', 'divergence', 'entropy', 'regularizer', 'recognized'],
  metrics: {
    crossEntropy: crossEntropyMetric('Cross-entropy with the label, the mean over the noises of an image.'),
    regularizer: {
      label: 'regulariser',
      caption: 'Weighted sum of the terms added to the cross-entropy.',
      tag: 'loss/regularizer',
      isHeadline: true,
    },
    divergence: {
      label: 'KL',
      caption: 'KL(p̄ ‖ p_m) of the mean prediction p̄ and the prediction p_m under each noise, before λ.',
      tag: 'loss/divergence',
    },
    entropy: { label: 'H', caption: 'Entropy of the mean prediction, before η.', tag: 'loss/entropy' },
    trainingAccuracy: trainingAccuracyMetric('Accuracy on noisy training images, in training mode.'),
    epsilon: {
      label: 'attack radius ε',
      caption: 'Attack radius ε, for pixels in [0, 1].',
      tag: 'attack/epsilon',
      isExact: true,
      of: (_sums, { settings }) => settings.attack?.epsilon ?? null,
    },
  },
  passes: ({ noises, attack }, { hasDenoiser }) => {
    const all = noises * ((attack?.steps ?? 0) + 1)
    return exactPasses({ denoiser: hasDenoiser ? all : 0, forward: all, backward: all })
  },
  footprint: ({ noises }) => ({ graphs: noises, attacked: 0, frozenCopies: 0 }),
}

/** Returns the images to train on: adversarial ones if there is an attack. */
function adversarialImages(
  inputs: StepInputs<ConsistencyForm>,
  given: ConsistencyForm['given'],
): Tensor<'BCHW'> {
  const { networks, smoothing, batch, clean_BCHW, noise_MBCHW, settings, imagesPerUpdate } = inputs
  const { attack, noises } = settings
  if (attack === null || given === null) return clean_BCHW
  return shiftAttack(
    {
      ...{ classifier: networks.classifier, smoothing, clean_BCHW, noise_MBCHW },
      ...{ labels_B: batch.labels_B, noises, drawDirection: drawnFrom(given) },
    },
    consistencyAttack(attack, { imagesPerUpdate }),
  )
}

/**
 * PGD for this method. The released code differentiates the mean over an update's images, so the constant added to the norm weighs that
 * much more.
 */
export function consistencyAttack(
  { gradientFloor, ...attack }: NonNullable<ConsistencySettings['attack']>,
  { imagesPerUpdate }: { readonly imagesPerUpdate: number },
): ShiftAttack {
  return {
    ...attack,
    gradientFloor: gradientFloor * imagesPerUpdate,
    stepLength: (2 * attack.epsilon) / attack.steps,
    ascends: 'mean-probability',
    direction: 'gradient',
  }
}
