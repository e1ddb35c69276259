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
 * Attacks that find one perturbation per image, shared by all its noisy copies. They run in evaluation mode, without gradients of the
 * parameters; results have no graph. Images are in [-1, 1]; lengths are for images in [0, 1].
 */

export interface ShiftInputs {
  readonly classifier: Classifier
  readonly smoothing: Smoothing
  readonly clean_BCHW: Tensor<'BCHW'>
  /** Standard normal noise, the same as for training. */
  readonly noise_MBCHW: Tensor<'MBCHW'>
  readonly labels_B: Tensor<'B'>
  /** M. */
  readonly noises: number
  /** Standard normal draws to replace gradients of exactly 0; needed if nothing is added to their norm. */
  readonly drawDirection?: ((like_BCHW: Tensor<'BCHW'>) => Tensor<'BCHW'>) | undefined
}

export interface ShiftAttack extends Omit<PgdSettings, 'epsilon'> {
  /** Radius of the ball around the image; null for none. */
  readonly epsilon: number | null
  readonly stepLength: number
  /** The quantity to ascend: -log of the label's mean probability, or the mean over noises of -log of its probability. */
  readonly ascends: 'mean-probability' | 'cross-entropy'
  readonly direction: 'gradient' | 'gradient-free'
}

/** Length in images in [-1, 1] per length in images in [0, 1]. */
export const PER_UNIT = 2

/** Keeps -log of a mean probability finite; the released code's constant. */
const PROBABILITY_FLOOR = 1e-20

/** torch.renorm's constant in the scale that projects onto the ball. */
const PROJECTION_FLOOR = 1e-7

/** Returns the image after each step, starting with the image itself: iterate number t of T + 1. */
export function shiftIterates(inputs: ShiftInputs, attack: ShiftAttack): readonly Tensor<'BCHW'>[] {
  return inputs.classifier.withoutParameterGradients(() => {
    const iterates = [inputs.clean_BCHW]
    for (let step = 0; step < attack.steps; step += 1) {
      iterates.push(shiftStep(inputs, iterates.at(-1) ?? inputs.clean_BCHW, attack))
    }
    return iterates
  })
}

/** Returns the image after the last step. */
export function shiftAttack(inputs: ShiftInputs, attack: ShiftAttack): Tensor<'BCHW'> {
  return shiftIterates(inputs, attack).at(-1) ?? inputs.clean_BCHW
}

/** One step along the direction, then into the pixel range and onto the ball, in the attack's order. */
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

/** Returns the direction of a step before its length is set. */
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

/** Returns log softmax for the noisy copies of images, with the graph to the images. */
export function classifyCopies(
  { classifier, smoothing, noise_MBCHW, noises }: ShiftInputs,
  images_BCHW: Tensor<'BCHW'>,
): Tensor<'MBK'> {
  const seen_MBCHW = seenCopies(smoothing, images_BCHW, { noise_MBCHW, noises, live: true })
  return logProbabilities(classifier, seen_MBCHW, noises)
}

/** Returns the loss that an attack ascends, for each image. */
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
  // A gradient for pixels in [-1, 1] is half of that for pixels in [0, 1], and so is the constant added to its norm.
  if (gradientFloor > 0) return div(raw_BCHW, add(length_B, gradientFloor / PER_UNIT))
  return normalizedOrDrawn(raw_BCHW, drawDirection)
}

/**
 * Normalises gradients to length 1. Replaces gradients of exactly 0 by a draw, without normalising it. The released code descends where
 * this ascends, so it moves against its draw.
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

/** Clamps every pixel to its range. */
export function clampPixels(images_BCHW: Tensor<'BCHW'>): Tensor<'BCHW'> {
  return clamp(images_BCHW, -1, 1)
}

/** Projects images onto the ball around clean ones; null means no ball. */
export function project(
  images_BCHW: Tensor<'BCHW'>,
  clean_BCHW: Tensor<'BCHW'>,
  epsilon: number | null,
): Tensor<'BCHW'> {
  if (epsilon === null) return images_BCHW
  return add(renormalized(sub(images_BCHW, clean_BCHW), epsilon), clean_BCHW)
}

/** Shortens perturbations to a length of at most ε, like torch.renorm. */
export function renormalized(shift_BCHW: Tensor<'BCHW'>, epsilon: number): Tensor<'BCHW'> {
  const radius = PER_UNIT * epsilon
  const length_B = normOfEach(shift_BCHW, 'B')
  const shrunk_B = mul(reciprocal(add(length_B, PER_UNIT * PROJECTION_FLOOR)), radius)
  return mul(shift_BCHW, where(gt(length_B, radius), shrunk_B, 1))
}
