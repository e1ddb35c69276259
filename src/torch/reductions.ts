import { ShapeError } from '../errors'
import { apply, type Dtype, makeTensor } from './apply'
import { rememberLike } from './known'
import {
  type AnyTensor,
  type Axes,
  checkAxisCount,
  dimensionOf,
  type Letter,
  type Tensor,
  type Without,
} from './tensor'

/** Reduces one axis, or all if none is named. */
export interface Reduction {
  <A extends Axes, X extends string>(input: Tensor<A>, axis: X & Letter<A>): Tensor<Without<A, X>>
  (input: AnyTensor): Tensor<''>
}

function reduction(operation: string, dtype?: Dtype): Reduction {
  const reduce = (input: AnyTensor, axis?: string): Tensor => {
    if (axis === undefined) return rememberLike(apply(operation, [input], { axes: '' }), [input], dtype)
    const dim = dimensionOf(operation, input, axis)
    const axes = input.axes.replace(axis, '')
    return rememberLike(apply(operation, [input], { axes, parameters: { dim } }), [input], dtype)
  }
  return reduce as Reduction
}

/** The sum over an axis, or over all. */
export const sum = reduction('sum')
/**
 * The mean over an axis, or over all.
 *
 * @example
 * const logits_BK = torch.tensor(session, [[1, 2], [3, 4]], { axes: 'BK' })
 * await session.compute(() => torch.mean(logits_BK, 'B')) // => [2, 3]
 */
export const mean = reduction('mean')
/** The largest value; its gradient goes only to the first of equal values, like `torch.max` over a dimension. */
export const max = reduction('max')
/** The logarithm of the sum of exponentials (log-sum-exp). */
export const logsumexp = reduction('logsumexp')
/** Index of the largest value, the first of equal ones. */
export const argmax = reduction('argmax', 'int64')

/** Returns the `count` largest values of an axis in descending order along that axis, and their positions. */
export function topk<A extends Axes>(
  input: Tensor<A>,
  axis: Letter<A>,
  { count }: { readonly count: number },
): { readonly values: Tensor<A>; readonly indices: Tensor<A> } {
  const [values, indices] = input.session.recordMany('topk', [input], {
    parameters: { dim: dimensionOf('topk', input, axis), count },
    make: [makeTensor(input.axes), makeTensor(input.axes)] as const,
  })
  return { values, indices }
}

const overEach =
  (operation: string) =>
  <const X extends string>(input: AnyTensor, axes: X): Tensor<X> => {
    if (!input.axes.startsWith(axes)) {
      throw new ShapeError(`${operation}: expected the first axes of '${input.axes}', got '${axes}'.`, {
        remedy: 'Name the leading letters.',
      })
    }
    return apply(operation, [input], { axes, parameters: { leading: axes.length } })
  }

/** The ℓ2 norm over all other axes, for each index of the leading axes: `normOfEach(x_MBCHW, 'MB')` has axes `MB`. */
export const normOfEach = overEach('norm_of_each')
/** The mean over all other axes, for each index of the leading axes. */
export const meanOfEach = overEach('mean_of_each')

/** Counts the occurrences of each of 0 … K-1. */
export function bincount(input: AnyTensor, { classes }: { classes: number }): Tensor<'K'> {
  checkAxisCount('bincount', input, 1)
  return apply('bincount', [input], { axes: 'K', parameters: { classes } })
}
