import {
  abs,
  add,
  argmax,
  clampMin,
  detach,
  div,
  grad,
  gt,
  hardmax,
  leaf,
  mul,
  ne,
  normOfEach,
  round,
  sub,
  sum,
  type Tensor,
  where,
} from '../../torch'
import {
  ascendedLoss,
  clampPixels,
  classifyCopies,
  normalizedOrDrawn,
  PER_UNIT,
  renormalized,
  type ShiftInputs,
} from './shift-attack'

/** Decoupled direction and norm (Rony et al., 2019), on the mean prediction over noises (Salman et al., 2019). */
export interface DdnAttack {
  readonly steps: number
  /** Largest length of the returned perturbation. */
  readonly epsilon: number
  /** Length after the first step, before it grows or shrinks. */
  readonly startNorm: number
  /** Factor by which the length grows, or shrinks if the image fools the vote. */
  readonly gamma: number
  /** Pixel levels to which perturbed images are rounded. */
  readonly levels: number
}

/** State passed from one step to the next, for images in [-1, 1]. */
export interface DdnState {
  readonly shift_BCHW: Tensor<'BCHW'>
  /** Length of the perturbation in the next step. */
  readonly norm_B: Tensor<'B'>
  /** The shortest fooling perturbation so far; 0 if none. */
  readonly best_BCHW: Tensor<'BCHW'>
  readonly bestNorm_B: Tensor<'B'>
}

/** Longer than any perturbation. */
const NONE_YET = 1e9

/** A perturbation of length 0 keeps the direction 0. */
const LENGTH_FLOOR = 1e-30

/**
 * Returns the image with the shortest perturbation found that makes the vote of its noisy copies wrong. An image is unchanged if its vote
 * is wrong from the start or never becomes wrong. The perturbation is limited to ε and then rounded, so it may exceed ε.
 */
export function ddnAttack(inputs: ShiftInputs, attack: DdnAttack): Tensor<'BCHW'> {
  return inputs.classifier.withoutParameterGradients(() => {
    let state = ddnStart(inputs, attack)
    for (let step = 0; step < attack.steps; step += 1) state = ddnStep(inputs, state, { ...attack, step })
    return ddnEnd(inputs, state, attack)
  })
}

export function ddnStart({ clean_BCHW }: ShiftInputs, { startNorm }: Pick<DdnAttack, 'startNorm'>): DdnState {
  const shift_BCHW = mul(clean_BCHW, 0)
  const zero_B = normOfEach(shift_BCHW, 'B')
  return {
    shift_BCHW,
    norm_B: add(zero_B, PER_UNIT * startNorm),
    best_BCHW: shift_BCHW,
    bestNorm_B: add(zero_B, NONE_YET),
  }
}

/** Takes one step, counted from 0. */
export function ddnStep(
  inputs: ShiftInputs,
  { shift_BCHW, norm_B, best_BCHW, bestNorm_B }: DdnState,
  { step, steps, gamma, levels }: DdnAttack & { readonly step: number },
): DdnState {
  const { clean_BCHW, labels_B, noises, drawDirection } = inputs
  return clean_BCHW.session.scope(() => {
    const variable_BCHW = leaf(shift_BCHW)
    const logProbabilities_MBK = classifyCopies(inputs, add(variable_BCHW, clean_BCHW))
    const votes_BK = sum(hardmax(logProbabilities_MBK, 'K'), 'M')
    const fools_B = ne(argmax(votes_BK, 'K'), labels_B)
    const ascends = noises === 1 ? 'cross-entropy' : 'mean-probability'
    const gradient_BCHW = grad(sum(ascendedLoss(logProbabilities_MBK, { labels_B, ascends })), variable_BCHW)
    const length_B = normOfEach(shift_BCHW, 'B')
    const isBest_B = gt(where(fools_B, bestNorm_B, 0), length_B)
    const moved_BCHW = add(
      shift_BCHW,
      mul(normalizedOrDrawn(gradient_BCHW, drawDirection), PER_UNIT * stepLength(step, steps)),
    )
    const grown_B = where(fools_B, mul(norm_B, 1 - gamma), mul(norm_B, 1 + gamma))
    // The farthest corner of the pixel range is 1 + |x| away in every pixel.
    const farthest_B = normOfEach(add(abs(clean_BCHW), 1), 'B')
    const nextNorm_B = where(gt(grown_B, farthest_B), farthest_B, grown_B)
    const movedLength_B = clampMin(normOfEach(moved_BCHW, 'B'), LENGTH_FLOOR)
    const scaled_BCHW = mul(moved_BCHW, div(nextNorm_B, movedLength_B))
    const rounded_BCHW = roundedImages(add(scaled_BCHW, clean_BCHW), levels)
    return {
      shift_BCHW: detach(sub(clampPixels(rounded_BCHW), clean_BCHW)),
      norm_B: detach(nextNorm_B),
      best_BCHW: where(isBest_B, shift_BCHW, best_BCHW),
      bestNorm_B: where(isBest_B, length_B, bestNorm_B),
    }
  })
}

/** Returns the image with the best perturbation, limited to ε and then rounded. */
export function ddnEnd(
  { clean_BCHW }: ShiftInputs,
  { best_BCHW }: Pick<DdnState, 'best_BCHW'>,
  { epsilon, levels }: Pick<DdnAttack, 'epsilon' | 'levels'>,
): Tensor<'BCHW'> {
  return add(clean_BCHW, roundedShift(renormalized(best_BCHW, epsilon), levels))
}

/** Cosine decay from nearly 1 to 0.01. It starts with its second value, as in the released code. */
function stepLength(step: number, steps: number): number {
  return 0.01 + (0.99 * (1 + Math.cos((Math.PI * (step + 1)) / steps))) / 2
}

/** Rounds images to the levels of a pixel in [0, 1]. */
function roundedImages(images_BCHW: Tensor<'BCHW'>, levels: number): Tensor<'BCHW'> {
  return sub(roundedShift(add(images_BCHW, 1), levels), 1)
}

function roundedShift(shift_BCHW: Tensor<'BCHW'>, levels: number): Tensor<'BCHW'> {
  const perLevel = (levels - 1) / PER_UNIT
  return div(round(mul(shift_BCHW, perLevel)), perLevel)
}
