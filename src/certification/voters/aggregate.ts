import { leadingClass } from '../../smoothing/leading-class'
import { add, eq, gt, mul, ne, softmax, type Tensor, tensor, to, where } from '../../torch'

/**
 * How an ensemble combines its members' logits into one class: the largest sum of logits, of softmax, of votes, or of logits weighted by
 * member. Ties go to the first class.
 */
export type Aggregation = 'logits' | 'softmax' | 'votes' | readonly number[]

/**
 * Returns the class of each copy; -1 if a member has NaN logits.
 *
 * @param logits - of each member, at least one
 */
export function aggregatedClass(
  logits: readonly [Tensor<'NK'>, ...Tensor<'NK'>[]],
  { by, classes }: { readonly by: Aggregation; readonly classes: number },
): Tensor<'N'> {
  const [first, ...others] = logits.map((logits_NK, member) => {
    if (by === 'softmax') return softmax(logits_NK, 'K')
    if (by === 'votes') return votesOf(logits_NK, classes)
    return by === 'logits' ? logits_NK : mul(logits_NK, by[member] ?? 0)
  }) as [Tensor<'NK'>, ...Tensor<'NK'>[]]
  const class_N = leadingClass(others.reduce((total, next) => add(total, next), first))
  if (by !== 'votes') return class_N
  // If a member has no class, its copy has none either.
  return logits.reduce((known, logits_NK) => where(ne(leadingClass(logits_NK), -1), known, -1), class_N)
}

/** Returns 1 for the class of each copy, 0 for all others. */
function votesOf(logits_NK: Tensor<'NK'>, classes: number): Tensor<'NK'> {
  const { session } = logits_NK
  const labels = Array.from({ length: classes }, (_, label) => label)
  const labels_K = tensor(session, labels, { axes: 'K', dtype: 'int64' })
  // Nothing is greater than itself: this gives zeros even for logits that are not finite.
  const zeros_NK = to(gt(logits_NK, logits_NK), 'int64')
  return to(eq(add(zeros_NK, labels_K), leadingClass(logits_NK)), 'int64')
}
