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

/** The margins of a member under all noises, and which of them count. */
export interface MemberMargins {
  /** Largest less second largest probability. */
  readonly margin_MB: Tensor<'MB'>
  /** 1 where the member gives the label, else 0; without a gradient. */
  readonly correct_MB: Tensor<'MB'>
}

/** What the loss of an ensemble takes of one member. */
export interface MemberView extends MemberMargins {
  readonly logProbabilities_MBK: Tensor<'MBK'>
  /** Gradient of the margin by the member's input, for pixels in [0, 1]; with a graph, to be differentiated again. */
  readonly gradient_MBD: Tensor<'MBD'>
}

/** Margins from logits. */
export function marginsOf(logits_MBK: Tensor<'MBK'>, labels_B: Tensor<'B'>): MemberMargins {
  const { values, indices } = topk(softmax(logits_MBK, 'K'), 'K', { count: 2 })
  return {
    margin_MB: sub(select(values, 'K', 0), select(values, 'K', 1)),
    correct_MB: to(eq(select(indices, 'K', 0), labels_B), 'float32'),
  }
}

/**
 * What a member sees of noisy images, in the mode that it is in.
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
      // A pixel in [0, 1] moves one in [-1, 1] by twice as much.
      gradient_MBD: mul(flatten(gradient_MBCHW, 'CHW', 'D'), 2),
    }
  })
}

/** A mean over those that count: their sum, how many they are, and its value, which is 0 where there is none. */
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
 * GD: the mean of ‖g_i + g_j‖² over pairs of members and the images that both get right. The paper has the norm, the code
 * its square.
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
