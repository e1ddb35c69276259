import { ShapeError } from '../errors'
import { apply, missingDimensions } from './apply'
import {
  type AnyTensor,
  type Axes,
  checkAxisCount,
  dimensionOf,
  type Letter,
  prependAxis,
  type Replaced,
  replaceAxes,
  type Tensor,
  type Without,
} from './tensor'

/**
 * Returns the entry of `axis` at `index`, for each index of the other axes: `pick(logits_MBK, 'K', labels_B)` has axes `MB`.
 *
 * @example
 * const logits_BK = torch.tensor(session, [[1, 2], [3, 4]], { axes: 'BK' })
 * const labels_B = torch.tensor(session, [1, 0], { axes: 'B', dtype: 'int64' })
 * await session.compute(() => torch.pick(logits_BK, 'K', labels_B)) // => [2, 3]
 */
export function pick<A extends Axes, X extends string>(
  input: Tensor<A>,
  axis: X & Letter<A>,
  index: AnyTensor,
): Tensor<Without<A, X>> {
  const dim = dimensionOf('pick', input, axis)
  const rest = input.axes.replace(axis, '') as Without<A, X>
  const unsqueeze = missingDimensions('pick', rest, index)
  return apply('pick', [input, index], { axes: rest, parameters: { dim, unsqueeze } })
}

/** Returns the entries of an axis at the positions in an int64 tensor, in their order, along that axis. */
export function indexSelect<A extends Axes, const X extends string, const Y extends string>(
  input: Tensor<A>,
  axis: X & Letter<A>,
  index: Tensor<Y>,
): Tensor<Replaced<A, X, Y>> {
  checkAxisCount('indexSelect', index, 1)
  return apply('index_select', [input, index], {
    axes: replaceAxes<A, X, Y>('indexSelect', input.axes, { from: axis, to: index.axes }),
    parameters: { dim: dimensionOf('indexSelect', input, axis) },
  })
}

/** Returns the positions at which a condition holds, as int64; the first position if it holds nowhere, since a batch is never empty. */
export function rowsWhere(condition: AnyTensor & { readonly axes: 'N' }): Tensor<'N'> {
  return apply('rows_where', [condition], { axes: 'N' })
}

/** Returns one entry of an axis. */
export function select<A extends Axes, X extends string>(
  input: Tensor<A>,
  axis: X & Letter<A>,
  index: number,
): Tensor<Without<A, X>> {
  return apply('select', [input], {
    axes: input.axes.replace(axis, '') as Without<A, X>,
    parameters: { dim: dimensionOf('select', input, axis), index },
  })
}

/** Returns entries `start` up to but not including `end` of an axis. */
export function slice<A extends Axes>(
  input: Tensor<A>,
  axis: Letter<A>,
  { start, end }: { start: number; end: number },
): Tensor<A> {
  return apply('slice', [input], {
    axes: input.axes,
    parameters: { dim: dimensionOf('slice', input, axis), start, end },
  })
}

/**
 * Flattens adjacent axes into one: `flatten(x_MBCHW, 'MB', 'N')` has axes `NCHW`, with row m·B + b.
 *
 * @example
 * const copies_MBK = torch.tensor(session, [[[1], [2]], [[3], [4]]], { axes: 'MBK' })
 * await session.compute(() => torch.flatten(copies_MBK, 'MB', 'N')) // => [[1], [2], [3], [4]]
 */
export function flatten<A extends Axes, const X extends string, const Y extends string>(
  input: Tensor<A>,
  axes: X,
  as: Y,
): Tensor<Replaced<A, X, Y>> {
  const start = input.axes.indexOf(axes)
  if (start < 0 || axes === '') {
    throw new ShapeError(`flatten: expected neighbouring axes of '${input.axes}', got '${axes}'.`, {
      remedy: 'Name a run of its letters.',
    })
  }
  return apply('flatten', [input], {
    axes: replaceAxes('flatten', input.axes, { from: axes, to: as }),
    parameters: { start, end: start + axes.length - 1 },
  })
}

/** Splits one axis into two, the first of size `count`: `unflatten(x_NK, 'N', { as: 'MB', count: M })` has axes `MBK`. */
export function unflatten<A extends Axes, const X extends string, const Y extends string>(
  input: Tensor<A>,
  axis: X & Letter<A>,
  { as, count }: { as: Y; count: number },
): Tensor<Replaced<A, X, Y>> {
  const dim = dimensionOf('unflatten', input, axis)
  return apply('unflatten', [input], {
    axes: replaceAxes<A, X, Y>('unflatten', input.axes, { from: axis, to: as, count: 2 }),
    parameters: { dim, count },
  })
}

/** Repeats the tensor along a new first axis, without copying. */
export function expand<A extends Axes, const X extends string>(
  input: Tensor<A>,
  { axis, count }: { axis: X; count: number },
): Tensor<`${X}${A}`> {
  return apply('expand', [input], { axes: prependAxis('expand', axis, input.axes), parameters: { count } })
}

/** Applies an affine map to the last axis: `linear(x_ND, 'D', { weights_KD, bias_K, as: 'K' })` has axes `NK`. */
export function linear<A extends Axes, const X extends string, const Y extends string>(
  input: Tensor<A>,
  axis: X & Letter<A>,
  { weights, bias, as }: { weights: AnyTensor; bias: AnyTensor; as: Y },
): Tensor<Replaced<A, X, Y>> {
  if (dimensionOf('linear', input, axis) !== input.axes.length - 1) {
    throw new ShapeError(`linear: expected the last axis of '${input.axes}', got '${axis}'.`, {
      remedy: 'Name the last letter.',
    })
  }
  return apply('linear', [input, weights, bias], {
    axes: replaceAxes<A, X, Y>('linear', input.axes, { from: axis, to: as }),
  })
}
