import { add, argmax, eq, max, mul, ne, pick, stack, sub, sum, type Tensor, to, where } from '../../torch'
import type { Cast } from '../voters'

/** The class of each copy, by ballot; -1 for a copy without a class. */
type Classes = Readonly<Record<string, Cast>>

/**
 * Returns the majority of several looks at each copy: the most frequent class, the smallest of equal ones. A copy without a class in any
 * look has none.
 *
 * @param casts - at least one
 */
export function majority(casts: readonly Classes[]): Classes {
  const [first = {}, ...others] = casts
  if (others.length === 0) return first
  return Object.fromEntries(
    Object.keys(first).map(ballot => {
      const votes = casts.map(cast => classesOf(cast[ballot] as Cast))
      return [ballot, majorityOf(votes as [Tensor<'N'>, ...Tensor<'N'>[]])]
    }),
  )
}

/** @throws TypeError if another network settles the class, which would have to vote on each look, and for scores */
function classesOf(cast: Cast): Tensor<'N'> {
  if ('kept' in cast) throw new TypeError('A copy that votes several times cannot have a consensus.')
  if ('scores_NK' in cast) throw new TypeError('A copy that votes several times has no scores.')
  return cast
}

function majorityOf(votes: readonly [Tensor<'N'>, ...Tensor<'N'>[]]): Tensor<'N'> {
  const [first_N] = votes
  return first_N.session.scope(() => {
    const class_VN = stack(votes, { as: 'V' })
    const most_N = add(max(class_VN, 'V'), 2)
    // Counts decide, and ties go to the smaller class: a count outweighs any class.
    const score = (class_N: Tensor<'N'>) =>
      sub(mul(sum(to(eq(class_VN, class_N), 'int64'), 'V'), most_N), class_N)
    const scores = votes.map(score) as [Tensor<'N'>, ...Tensor<'N'>[]]
    const leading_N = pick(class_VN, 'V', argmax(stack(scores, { as: 'V' }), 'V'))
    return where(ne(max(mul(class_VN, -1), 'V'), 1), leading_N, -1)
  })
}
