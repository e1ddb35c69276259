import type { Plain, Session } from '../bridge'
import { ShapeError } from '../errors'
import { checkedName, type StreamName } from '../streams'
import { apply, type Dtype, makeTensor, type ValueOf } from './apply'
import type { Generator } from './generator'
import { rememberData } from './known'
import {
  type AnyTensor,
  type Axes,
  checkAxisCount,
  dimensionOf,
  type Letter,
  prependAxis,
  type Tensor,
} from './tensor'

/**
 * Makes a tensor from nested arrays of numbers or booleans, one level per axis, on the session's device; float32 by default.
 *
 * @example
 * const images_BC = torch.tensor(session, [[1, 2], [3, 4]], { axes: 'BC' })
 * await session.compute(() => images_BC) // => [[1, 2], [3, 4]]
 */
export function tensor<const A extends Axes, D extends Dtype = 'float32'>(
  session: Session,
  data: Plain,
  { axes, dtype }: { axes: A; dtype?: D },
): Tensor<A, ValueOf<D>> {
  const depth = depthOf(data)
  if (depth !== axes.length) {
    throw new ShapeError(
      `tensor: expected data with a level of arrays for each axis of '${axes}', got ${depth} levels.`,
      {
        remedy: "Nest the data as the axes say; one number has the axes ''.",
      },
    )
  }
  const type = dtype ?? 'float32'
  const made = session.record('tensor', [], {
    parameters: { data, dtype: type },
    make: makeTensor<A, ValueOf<D>>(axes),
  })
  return rememberData(made, data, type)
}

/** Stacks tensors of one shape along a new first axis. */
export function stack<const X extends string, A extends Axes>(
  tensors: readonly [Tensor<A>, ...Tensor<A>[]],
  { as }: { as: X },
): Tensor<`${X}${A}`> {
  return apply('stack', tensors, { axes: prependAxis('stack', as, tensors[0].axes) })
}

function depthOf(data: Plain): number {
  return Array.isArray(data) ? 1 + depthOf(data[0] ?? null) : 0
}

/** Returns standard normal noise with the shape, dtype and device of a tensor, from the stream `generator`. */
export function randnLike<A extends Axes>(like: Tensor<A>, generator: Generator): Tensor<A> {
  return like.session.record('randn_like', [like, generator], { make: makeTensor(like.axes) })
}

/** Returns a whole number in [0, `below`) for each index of an axis. */
export function randint<A extends Axes, const X extends string>(
  like: AnyTensor & { readonly axes: A },
  axis: X & Letter<A>,
  { below, generator }: { below: number; generator: Generator },
): Tensor<X> {
  return like.session.record('randint', [like, generator], {
    parameters: { dim: dimensionOf('randint', like, axis), below },
    make: makeTensor<X>(axis),
  })
}

/** Returns the entries of a one-axis table at the given indices. */
export function lookUp<A extends Axes>(table: AnyTensor, index: Tensor<A>): Tensor<A> {
  checkAxisCount('lookUp', table, 1)
  return apply('look_up', [table, index], { axes: index.axes })
}

/** Returns standard normal noise for `count` copies of each element, along a new first axis. */
export function randnCopies<const X extends string, A extends Axes>(
  like: Tensor<A>,
  { axis, count, generator }: { axis: X; count: number; generator: Generator },
): Tensor<`${X}${A}`> {
  return like.session.record('randn_copies', [like, generator], {
    parameters: { count },
    make: makeTensor(prependAxis('randnCopies', axis, like.axes)),
  })
}

/**
 * Returns standard normal noise for the copies `start` to `start + count - 1` of a tensor. Copies are drawn in blocks of `block`, and block
 * b has the stream (...name, b). So the noise of a copy depends only on its number, not on the extent or order of the calls.
 */
export function noiseBlocks<const X extends string, A extends Axes>(
  like: Tensor<A>,
  {
    axis,
    name,
    start = 0,
    count,
    block,
  }: { axis: X; name: StreamName; start?: number; count: number; block: number },
): Tensor<`${X}${A}`> {
  return like.session.record('noise_blocks', [like], {
    parameters: { name: checkedName(name), start, count, block },
    make: makeTensor(prependAxis('noiseBlocks', axis, like.axes)),
  })
}
