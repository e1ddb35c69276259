import {
  add,
  type Classifier,
  clampMin,
  div,
  doublyDifferentiable,
  eq,
  flatten,
  gradWithGraph,
  leaf,
  logSoftmax,
  mul,
  select,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  to,
  topk,
  unflatten,
} from '../../torch'

/** A member's margins under all noises, and which of them count. */
export interface MemberMargins {
  /** Largest minus second largest probability. */
  readonly margin_MB: Tensor<'MB'>
  /** 1 if the member predicts the label, else 0; without a gradient. */
  readonly correct_MB: Tensor<'MB'>
}

/** Inputs from one member to the loss of an ensemble. */
export interface MemberView extends MemberMargins {
  readonly logProbabilities_MBK: Tensor<'MBK'>
  /** Gradient of the margin with respect to the member's input, for pixels in [0, 1]; it can be differentiated again. */
  readonly gradient_MBD: Tensor<'MBD'>
}

/** Computes margins from logits. */
export function marginsOf(logits_MBK: Tensor<'MBK'>, labels_B: Tensor<'B'>): MemberMargins {
  const { values, indices } = topk(softmax(logits_MBK, 'K'), 'K', { count: 2 })
  return {
    margin_MB: sub(select(values, 'K', 0), select(values, 'K', 1)),
    correct_MB: to(eq(select(indices, 'K', 0), labels_B), 'float32'),
  }
}

/**
 * Returns a member's view of noisy images, in its current mode.
 *
 * @param images - M noisy copies of each image, in [-1, 1], as the classifier sees them
 */
export function viewOf(
  member: Classifier,
  images_MBCHW: Tensor<'MBCHW'>,
  { labels_B, noises }: { readonly labels_B: Tensor<'B'>; readonly noises: number },
): MemberView {
  const input_MBCHW = leaf(images_MBCHW)
  return doublyDifferentiable(member.session, () => {
    const logits_NK = member.classify(flatten(input_MBCHW, 'MB', 'N'))
    const logits_MBK = unflatten(logits_NK, 'N', { as: 'MB', count: noises })
    const margins = marginsOf(logits_MBK, labels_B)
    const gradient_MBCHW = gradWithGraph(sum(margins.margin_MB), input_MBCHW)
    return {
      ...margins,
      logProbabilities_MBK: logSoftmax(logits_MBK, 'K'),
      // A change of a pixel in [0, 1] is twice as large in [-1, 1].
      gradient_MBD: mul(flatten(gradient_MBCHW, 'CHW', 'D'), 2),
    }
  })
}

/** A mean over the terms that count: their sum, their number, and the mean, which is 0 if none counts. */
export interface CountedMean {
  readonly sum: Tensor<''>
  readonly count: Tensor<''>
  readonly value: Tensor<''>
}

/** CM: the mean margin of the correct predictions of all members. */
export function confidenceMargin(members: readonly MemberMargins[]): CountedMean {
  return meanOf(
    members.map(({ margin_MB, correct_MB }) => ({
      sum: sum(mul(margin_MB, correct_MB)),
      count: sum(correct_MB),
    })),
  )
}

/**
 * GD: the mean of ‖g_i + g_j‖² over pairs of members and the images that both classify correctly. The paper has the norm, the code its
 * square.
 */
export function gradientDiversity(
  members: readonly Pick<MemberView, 'correct_MB' | 'gradient_MBD'>[],
): CountedMean {
  return meanOf(
    members.flatMap((first, place) =>
      members.slice(place + 1).map(second => {
        const both_MB = mul(first.correct_MB, second.correct_MB)
        const joint_MB = sum(square(add(first.gradient_MBD, second.gradient_MBD)), 'D')
        return { sum: sum(mul(joint_MB, both_MB)), count: sum(both_MB) }
      }),
    ),
  )
}

function meanOf(parts: readonly Omit<CountedMean, 'value'>[]): CountedMean {
  const addUp = (numbers: readonly Tensor<''>[]) => numbers.reduce((whole, part) => add(whole, part))
  const whole = addUp(parts.map(part => part.sum))
  const count = addUp(parts.map(part => part.count))
  return { sum: whole, count, value: div(whole, clampMin(count, 1)) }
}
