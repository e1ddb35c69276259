import type { PgdSettings } from '../../config/methods/attack-fields'
import { type Smoothing, seenCopies } from '../../smoothing/smoothing'
import {
  add,
  type Classifier,
  clamp,
  clampMin,
  detach,
  div,
  eq,
  exp,
  grad,
  gt,
  leaf,
  log,
  mean,
  mul,
  noGrad,
  normOfEach,
  pick,
  reciprocal,
  sub,
  sum,
  type Tensor,
  where,
} from '../../torch'
import { logProbabilities } from '../log-probabilities'

/**
 * Attacks that look for one perturbation of an image, which all of its noisy copies share. They run in evaluation mode, without
 * gradients of the parameters, and what comes back has no graph. Images are in [-1, 1]; lengths are those of images in [0, 1].
 */

export interface ShiftInputs {
  readonly classifier: Classifier
  readonly smoothing: Smoothing
  readonly clean_BCHW: Tensor<'BCHW'>
  /** Standard normal noise: that which is trained on. */
  readonly noise_MBCHW: Tensor<'MBCHW'>
  readonly labels_B: Tensor<'B'>
  /** M. */
  readonly noises: number
  /** Standard normal draws in place of gradients that are exactly 0; needed where nothing is added to their length. */
  readonly drawDirection?: ((like_BCHW: Tensor<'BCHW'>) => Tensor<'BCHW'>) | undefined
}

export interface ShiftAttack extends Omit<PgdSettings, 'epsilon'> {
  /** Radius of the ball around the image; null for none. */
  readonly epsilon: number | null
  readonly stepLength: number
  /** What is ascended: -log of the mean probability of the label, or the mean over the noises of -log of it. */
  readonly ascends: 'mean-probability' | 'cross-entropy'
  readonly direction: 'gradient' | 'gradient-free'
}

/** Lengths in images in [-1, 1] for one in images in [0, 1]. */
export const PER_UNIT = 2

/** Keeps -log of a mean probability finite; the released code's constant. */
const PROBABILITY_FLOOR = 1e-20

/** torch.renorm's constant in the scale that projects onto the ball. */
const PROJECTION_FLOOR = 1e-7

/** The image after each step, the image itself first: iterate number t of T + 1. */
export function shiftIterates(inputs: ShiftInputs, attack: ShiftAttack): readonly Tensor<'BCHW'>[] {
  return inputs.classifier.withoutParameterGradients(() => {
    const iterates = [inputs.clean_BCHW]
    for (let step = 0; step < attack.steps; step += 1) {
      iterates.push(shiftStep(inputs, iterates.at(-1) ?? inputs.clean_BCHW, attack))
    }
    return iterates
  })
}

/** The image after the last step. */
export function shiftAttack(inputs: ShiftInputs, attack: ShiftAttack): Tensor<'BCHW'> {
  return shiftIterates(inputs, attack).at(-1) ?? inputs.clean_BCHW
}

/** One step: along the direction, then into the pixel range and onto the ball in the order of the attack. */
export function shiftStep(
  inputs: ShiftInputs,
  images_BCHW: Tensor<'BCHW'>,
  attack: ShiftAttack,
): Tensor<'BCHW'> {
  const { clean_BCHW } = inputs
  return clean_BCHW.session.scope(() => {
    const direction_BCHW = unitDirection(inputs, rawDirection(inputs, images_BCHW, attack), attack)
    const moved_BCHW = add(images_BCHW, mul(direction_BCHW, PER_UNIT * attack.stepLength))
    return detach(
      attack.order === 'clamp-first'
        ? project(clampPixels(moved_BCHW), clean_BCHW, attack.epsilon)
        : clampPixels(project(moved_BCHW, clean_BCHW, attack.epsilon)),
    )
  })
}

/** Where a step goes, before its length is set. */
export function rawDirection(
  inputs: ShiftInputs,
  images_BCHW: Tensor<'BCHW'>,
  { ascends, direction }: Pick<ShiftAttack, 'ascends' | 'direction'>,
): Tensor<'BCHW'> {
  const { classifier, noise_MBCHW, labels_B } = inputs
  if (direction === 'gradient-free') {
    return noGrad(classifier.session, () => {
      const probability_MB = exp(pick(classifyCopies(inputs, images_BCHW), 'K', labels_B))
      return mul(mean(mul(noise_MBCHW, probability_MB), 'M'), -1)
    })
  }
  const variable_BCHW = leaf(images_BCHW)
  return grad(sum(ascendedLoss(classifyCopies(inputs, variable_BCHW), { labels_B, ascends })), variable_BCHW)
}

/** log softmax for the noisy copies of images, with the graph to the images. */
export function classifyCopies(
  { classifier, smoothing, noise_MBCHW, noises }: ShiftInputs,
  images_BCHW: Tensor<'BCHW'>,
): Tensor<'MBK'> {
  const seen_MBCHW = seenCopies(smoothing, images_BCHW, { noise_MBCHW, noises, live: true })
  return logProbabilities(classifier, seen_MBCHW, noises)
}

/** What an attack ascends, for each image. */
export function ascendedLoss(
  logProbabilities_MBK: Tensor<'MBK'>,
  { labels_B, ascends }: Pick<ShiftAttack, 'ascends'> & Pick<ShiftInputs, 'labels_B'>,
): Tensor<'B'> {
  const ofLabel_MB = pick(logProbabilities_MBK, 'K', labels_B)
  if (ascends === 'cross-entropy') return mul(mean(ofLabel_MB, 'M'), -1)
  return mul(log(clampMin(mean(exp(ofLabel_MB), 'M'), PROBABILITY_FLOOR)), -1)
}

function unitDirection(
  { drawDirection }: ShiftInputs,
  raw_BCHW: Tensor<'BCHW'>,
  { gradientFloor }: Pick<ShiftAttack, 'gradientFloor'>,
): Tensor<'BCHW'> {
  const length_B = normOfEach(raw_BCHW, 'B')
  // A gradient by pixels in [-1, 1] is half of that by pixels in [0, 1], and so is what is added to its length.
  if (gradientFloor > 0) return div(raw_BCHW, add(length_B, gradientFloor / PER_UNIT))
  return normalizedOrDrawn(raw_BCHW, drawDirection)
}

/**
 * Gradients of length 1. Those that are exactly 0 are drawn, without being normalised; the released code descends where this
 * ascends, so it goes against its draw.
 */
export function normalizedOrDrawn(
  raw_BCHW: Tensor<'BCHW'>,
  drawDirection: ShiftInputs['drawDirection'],
): Tensor<'BCHW'> {
  if (drawDirection === undefined) {
    throw new TypeError('An attack that adds nothing to the length of a gradient needs drawDirection.')
  }
  const length_B = normOfEach(raw_BCHW, 'B')
  const unit_BCHW = div(raw_BCHW, where(gt(length_B, 0), length_B, 1))
  return where(eq(length_B, 0), mul(drawDirection(raw_BCHW), -1), unit_BCHW)
}

/** Images with every pixel within its range. */
export function clampPixels(images_BCHW: Tensor<'BCHW'>): Tensor<'BCHW'> {
  return clamp(images_BCHW, -1, 1)
}

/** The nearest images in the ball around clean ones; null is not a ball. */
export function project(
  images_BCHW: Tensor<'BCHW'>,
  clean_BCHW: Tensor<'BCHW'>,
  epsilon: number | null,
): Tensor<'BCHW'> {
  if (epsilon === null) return images_BCHW
  return add(renormalized(sub(images_BCHW, clean_BCHW), epsilon), clean_BCHW)
}

/** Perturbations with a length of at most ε, as torch.renorm shortens them. */
export function renormalized(shift_BCHW: Tensor<'BCHW'>, epsilon: number): Tensor<'BCHW'> {
  const radius = PER_UNIT * epsilon
  const length_B = normOfEach(shift_BCHW, 'B')
  const shrunk_B = mul(reciprocal(add(length_B, PER_UNIT * PROJECTION_FLOOR)), radius)
  return mul(shift_BCHW, where(gt(length_B, radius), shrunk_B, 1))
}
