import type { SmoothMixSettings } from '../../config/methods/smooth-mix'
import { add, argmax, detach, eq, exp, mean, mul, sub, sum, type Tensor, to } from '../../torch'
import {
  clampPixels,
  project,
  type ShiftAttack,
  type ShiftInputs,
  shiftIterates,
} from '../attacks/shift-attack'
import { consistencyTarget, crossEntropy, klFromProbabilities } from '../losses'

/** The parts of SmoothMix: the two images that it mixes, and the terms of its loss. */

/** Added to the norm of a gradient; the released code's constant. */
const GRADIENT_FLOOR = 1e-8

/** The ascent for this method: steps of a given length, without a ball unless a radius is given. */
export function smoothMixAttack({ steps, stepLength, radius }: SmoothMixSettings['attack']): ShiftAttack {
  return {
    ...{ steps, stepLength, epsilon: radius, gradientFloor: GRADIENT_FLOOR },
    ...{ order: 'project-first', ascends: 'mean-probability', direction: 'gradient' },
  }
}

export interface MixedSides {
  /** Images after each step of the attack. */
  readonly iterates: readonly Tensor<'BCHW'>[]
  /** The end of the attack. */
  readonly adversarial_BCHW: Tensor<'BCHW'>
  /** Image that replaces the original. */
  readonly clean_BCHW: Tensor<'BCHW'>
}

/** Returns the adversarial image, and the replacement of the original: the start of step number `mixStep`, kept near the original. */
export function mixedSides(
  inputs: ShiftInputs,
  { attack, mixStep, cleanRadius }: Pick<SmoothMixSettings, 'attack' | 'mixStep' | 'cleanRadius'>,
): MixedSides {
  const iterates = shiftIterates(inputs, smoothMixAttack(attack))
  const image_BCHW = inputs.clean_BCHW
  const noted_BCHW = mixStep < attack.steps ? (iterates[mixStep] ?? image_BCHW) : image_BCHW
  const radius = cleanRadius ?? mixStep * attack.stepLength
  return {
    iterates: iterates.slice(1),
    adversarial_BCHW: iterates.at(-1) ?? image_BCHW,
    clean_BCHW: noted_BCHW === image_BCHW ? image_BCHW : clampPixels(project(noted_BCHW, image_BCHW, radius)),
  }
}

/** (1 - λ) · clean side + λ · adversarial image. */
export function mixedImages(
  { clean_BCHW, adversarial_BCHW }: Pick<MixedSides, 'clean_BCHW' | 'adversarial_BCHW'>,
  ratio_B: Tensor<'B'>,
): Tensor<'BCHW'> {
  return add(clean_BCHW, mul(sub(adversarial_BCHW, clean_BCHW), ratio_B))
}

/** Returns the terms from log-probabilities of noisy copies of the clean side and of the mixtures. */
export function smoothMixLosses(
  {
    clean_MBK,
    mixed_MBK,
    labels_B,
    ratio_B,
  }: {
    readonly clean_MBK: Tensor<'MBK'>
    readonly mixed_MBK: Tensor<'MBK'>
    readonly labels_B: Tensor<'B'>
    /** λ. */
    readonly ratio_B: Tensor<'B'>
  },
  { noises, targetGradient }: Pick<SmoothMixSettings, 'noises' | 'targetGradient'>,
): {
  readonly crossEntropy_MB: Tensor<'MB'>
  /** The mean prediction for the clean side. */
  readonly mean_BK: Tensor<'BK'>
  /** (1 - λ) · that + λ/K. */
  readonly target_BK: Tensor<'BK'>
  /** Whether the mean prediction is the label; otherwise the mixture does not count. */
  readonly correct_B: Tensor<'B', boolean>
  readonly divergence_MB: Tensor<'MB'>
  /** The mean divergence over the noises if the mixture counts, else 0. */
  readonly mixture_B: Tensor<'B'>
} {
  const live_BK = exp(consistencyTarget(clean_MBK, noises))
  const mean_BK = targetGradient === 'live' ? live_BK : detach(live_BK)
  // 1/K is the mean of the probabilities.
  const uniform_B = detach(mean(mean_BK, 'K'))
  const target_BK = add(mean_BK, mul(mul(sub(mean_BK, uniform_B), ratio_B), -1))
  const correct_B = eq(argmax(mean_BK, 'K'), labels_B)
  const divergence_MB = klFromProbabilities(target_BK, mixed_MBK)
  return {
    ...{ mean_BK, target_BK, correct_B, divergence_MB },
    crossEntropy_MB: crossEntropy(clean_MBK, labels_B),
    mixture_B: mul(mean(divergence_MB, 'M'), to(correct_B, 'float32')),
  }
}

/** Sums over the images of a micro-batch the mean over the noises. */
export function sumOverImages(losses_MB: Tensor<'MB'>): Tensor<''> {
  return sum(mean(losses_MB, 'M'))
}
