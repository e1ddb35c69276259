import { type Parameters, type Plain, PlainHandle, type Session } from '../bridge'
import { ShapeError } from '../errors'
import type { Generator } from './generator'
import {
  type AnyTensor,
  type Axes,
  checkAxisCount,
  dimensionOf,
  prependAxis,
  type Replaced,
  replaceAxes,
  Tensor,
  type Without,
} from './tensor'

/**
 * Tensor operations, named after torch's. Each records one instruction and returns a name for its result; nothing is
 * computed until a session reads. Binary operations take a tensor whose axes are among the first one's, in the same
 * order, and broadcast by letter: `mul(gradients_MBCHW, scale_MB)` scales each image by its own number.
 */

export type Dtype = 'float64' | 'float32' | 'float16' | 'bfloat16' | 'int64' | 'bool'

/** What the elements of a tensor read as. */
type ValueOf<D extends Dtype> = [D] extends ['bool'] ? boolean : number

function makeTensor<A extends Axes, V extends number | boolean = number>(axes: A) {
  return (session: Session, id: number) => new Tensor<A, V>(session, id, axes)
}

function apply<A extends Axes, V extends number | boolean = number>(
  operation: string,
  takes: readonly [AnyTensor, ...AnyTensor[]],
  { axes, parameters = {} }: { axes: A; parameters?: Parameters },
): Tensor<A, V> {
  return takes[0].session.record(operation, takes, { parameters, make: makeTensor<A, V>(axes) })
}

/** A tensor from numbers or booleans in nested arrays, one level for each axis, on the session's device; float32 by default. */
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
  return session.record('tensor', [], {
    parameters: { data, dtype: dtype ?? 'float32' },
    make: makeTensor<A, ValueOf<D>>(axes),
  })
}

function depthOf(data: Plain): number {
  return Array.isArray(data) ? 1 + depthOf(data[0] ?? null) : 0
}

/** Standard normal noise in the shape, dtype and device of a tensor; `generator` gives the stream. */
export function randnLike<A extends Axes>(like: Tensor<A>, generator: Generator): Tensor<A> {
  return like.session.record('randn_like', [like, generator], { make: makeTensor(like.axes) })
}

/** For each index of an axis a whole number in [0, `below`). */
export function randint<const X extends string>(
  like: AnyTensor,
  axis: X,
  { below, generator }: { below: number; generator: Generator },
): Tensor<X> {
  return like.session.record('randint', [like, generator], {
    parameters: { dim: dimensionOf('randint', like, axis), below },
    make: makeTensor(axis),
  })
}

/** The entries of a table with one axis that an index names. */
export function lookUp<A extends Axes>(table: AnyTensor, index: Tensor<A>): Tensor<A> {
  checkAxisCount('lookUp', table, 1)
  return apply('look_up', [table, index], { axes: index.axes })
}

/** Standard normal noise for `count` copies of each element: a new first axis in front of the tensor's own. */
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
 * Standard normal noise for `count` copies, drawn in whole blocks of `block` copies: the noise of the i-th copy that a
 * stream gives does not depend on how the copies are split over calls, as long as all but the last are whole blocks.
 */
export function noiseBlocks<const X extends string, A extends Axes>(
  like: Tensor<A>,
  { axis, count, block, generator }: { axis: X; count: number; block: number; generator: Generator },
): Tensor<`${X}${A}`> {
  return like.session.record('noise_blocks', [like, generator], {
    parameters: { count, block },
    make: makeTensor(prependAxis('noiseBlocks', axis, like.axes)),
  })
}

type Operand = AnyTensor | number

/** Where the second operand lacks axes of the first: the dimensions to put in, none where torch broadcasts by itself. */
function missingDimensions(operation: string, axes: Axes, second: AnyTensor): number[] {
  if (axes.endsWith(second.axes)) return []
  const missing: number[] = []
  let matched = 0
  for (const [dimension, axis] of [...axes].entries()) {
    if (axis === second.axes[matched]) matched += 1
    else missing.push(dimension)
  }
  if (matched !== second.axes.length) {
    throw new ShapeError(
      `${operation}: the second tensor's axes '${second.axes}' are not among the first one's, '${axes}', in the same order.`,
      { remedy: 'Pass the tensor with more axes first, and name axes alike.' },
    )
  }
  return missing
}

function binary<A extends Axes, V extends number | boolean = number>(
  operation: string,
  first: AnyTensor & { readonly axes: A },
  second: Operand,
): Tensor<A, V> {
  const { axes } = first
  if (typeof second === 'number') return apply(operation, [first], { axes, parameters: { other: second } })
  const unsqueeze = missingDimensions(operation, axes, second)
  return apply(operation, [first, second], { axes, parameters: unsqueeze.length === 0 ? {} : { unsqueeze } })
}

/** `first + second` */
export const add = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A> =>
  binary('add', first, second)
/** `first - second` */
export const sub = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A> =>
  binary('sub', first, second)
/** `first · second` */
export const mul = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A> =>
  binary('mul', first, second)
/** `first / second` */
export const div = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A> =>
  binary('div', first, second)
/** Whether elements are equal. */
export const eq = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A, boolean> =>
  binary('eq', first, second)
/** Whether elements of the first are greater. */
export const gt = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A, boolean> =>
  binary('gt', first, second)

/** `condition ? first : otherwise`, element by element; the axes of the condition are among the first's. */
export function where<A extends Axes>(condition: AnyTensor, first: Tensor<A>, otherwise: number): Tensor<A> {
  const unsqueeze = missingDimensions('where', first.axes, condition)
  return apply('where', [first, condition], { axes: first.axes, parameters: { unsqueeze, otherwise } })
}

const unary =
  (operation: string) =>
  <A extends Axes>(input: Tensor<A>): Tensor<A> =>
    apply(operation, [input], { axes: input.axes })

export const exp = unary('exp')
export const log = unary('log')
export const sqrt = unary('sqrt')
export const square = unary('square')
export const reciprocal = unary('reciprocal')
export const tanh = unary('tanh')
/** The same values without the graph that made them. */
export const detach = unary('detach')
/** A leaf of the graph with the same values, whose gradient can be asked for. */
export const leaf = unary('leaf')

/** Values held within [min, max]. */
export function clamp<A extends Axes>(input: Tensor<A>, min: number, max: number): Tensor<A> {
  return apply('clamp', [input], { axes: input.axes, parameters: { min, max } })
}

/** Values of at least `min`. */
export function clampMin<A extends Axes>(input: Tensor<A>, min: number): Tensor<A> {
  return apply('clamp', [input], { axes: input.axes, parameters: { min } })
}

/** The same values as another number type. */
export function to<A extends Axes, D extends Dtype>(
  input: AnyTensor & { readonly axes: A },
  dtype: D,
): Tensor<A, ValueOf<D>> {
  return apply('to', [input], { axes: input.axes, parameters: { dtype } })
}

const alongAxis =
  (operation: string) =>
  <A extends Axes>(input: Tensor<A>, axis: string): Tensor<A> =>
    apply(operation, [input], {
      axes: input.axes,
      parameters: { dim: dimensionOf(operation, input, axis) },
    })

export const softmax = alongAxis('softmax')
export const logSoftmax = alongAxis('log_softmax')

/** Reduces one axis, or all of them when none is named. */
interface Reduction {
  <A extends Axes, X extends string>(input: Tensor<A>, axis: X): Tensor<Without<A, X>>
  (input: AnyTensor): Tensor<''>
}

function reduction(operation: string): Reduction {
  const reduce = (input: AnyTensor, axis?: string): Tensor => {
    if (axis === undefined) return apply(operation, [input], { axes: '' })
    const dim = dimensionOf(operation, input, axis)
    return apply(operation, [input], { axes: input.axes.replace(axis, ''), parameters: { dim } })
  }
  return reduce as Reduction
}

export const sum = reduction('sum')
export const mean = reduction('mean')
/** The largest value; its gradient goes to the first of equals alone, as `torch.max` over a dimension does. */
export const max = reduction('max')
export const logsumexp = reduction('logsumexp')
/** Index of the largest value, the first of equals. */
export const argmax = reduction('argmax')

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

/** The ℓ2 norm of what each index of the leading axes holds: `normOfEach(x_MBCHW, 'MB')` has axes `MB`. */
export const normOfEach = overEach('norm_of_each')
/** The mean of what each index of the leading axes holds. */
export const meanOfEach = overEach('mean_of_each')

/** The entry of `axis` that `index` names, for each of the others: `pick(logits_MBK, 'K', labels_B)` has axes `MB`. */
export function pick<A extends Axes, X extends string>(
  input: Tensor<A>,
  axis: X,
  index: AnyTensor,
): Tensor<Without<A, X>> {
  const dim = dimensionOf('pick', input, axis)
  const rest = input.axes.replace(axis, '') as Without<A, X>
  const unsqueeze = missingDimensions('pick', rest, index)
  return apply('pick', [input, index], { axes: rest, parameters: { dim, unsqueeze } })
}

/** The entries of an axis at the given places, in their order, under a new letter. */
export function indexSelect<A extends Axes, const X extends string, const Y extends string>(
  input: Tensor<A>,
  axis: X,
  { indices, as }: { indices: readonly number[]; as: Y },
): Tensor<Replaced<A, X, Y>> {
  const dim = dimensionOf('indexSelect', input, axis)
  return apply('index_select', [input], {
    axes: replaceAxes('indexSelect', input.axes, { from: axis, to: as }),
    parameters: { dim, indices },
  })
}

/** One entry of an axis. */
export function select<A extends Axes, X extends string>(
  input: Tensor<A>,
  axis: X,
  index: number,
): Tensor<Without<A, X>> {
  return apply('select', [input], {
    axes: input.axes.replace(axis, '') as Without<A, X>,
    parameters: { dim: dimensionOf('select', input, axis), index },
  })
}

/** Entries `start` up to but not including `end` of an axis. */
export function slice<A extends Axes>(
  input: Tensor<A>,
  axis: string,
  { start, end }: { start: number; end: number },
): Tensor<A> {
  return apply('slice', [input], {
    axes: input.axes,
    parameters: { dim: dimensionOf('slice', input, axis), start, end },
  })
}

/** Several neighbouring axes as one: `flatten(x_MBCHW, 'MB', 'N')` has axes `NCHW`, with row m·B + b. */
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

/** One axis as two, the first of `count`: `unflatten(x_NK, 'N', { as: 'MB', count: M })` has axes `MBK`. */
export function unflatten<A extends Axes, const X extends string, const Y extends string>(
  input: Tensor<A>,
  axis: X,
  { as, count }: { as: Y; count: number },
): Tensor<Replaced<A, X, Y>> {
  const dim = dimensionOf('unflatten', input, axis)
  return apply('unflatten', [input], {
    axes: replaceAxes('unflatten', input.axes, { from: axis, to: as, count: 2 }),
    parameters: { dim, count },
  })
}

/** The tensor repeated under a new first axis, without a copy. */
export function expand<A extends Axes, const X extends string>(
  input: Tensor<A>,
  { axis, count }: { axis: X; count: number },
): Tensor<`${X}${A}`> {
  return apply('expand', [input], { axes: prependAxis('expand', axis, input.axes), parameters: { count } })
}

/** An affine map of the last axis: `linear(x_ND, 'D', { weights_KD, bias_K, as: 'K' })` has axes `NK`. */
export function linear<A extends Axes, const X extends string, const Y extends string>(
  input: Tensor<A>,
  axis: X,
  { weights, bias, as }: { weights: AnyTensor; bias: AnyTensor; as: Y },
): Tensor<Replaced<A, X, Y>> {
  if (dimensionOf('linear', input, axis) !== input.axes.length - 1) {
    throw new ShapeError(`linear: expected the last axis of '${input.axes}', got '${axis}'.`, {
      remedy: 'Name the last letter.',
    })
  }
  return apply('linear', [input, weights, bias], {
    axes: replaceAxes('linear', input.axes, { from: axis, to: as }),
  })
}

/** How often each of 0 … K-1 occurs. */
export function bincount(input: AnyTensor, { classes }: { classes: number }): Tensor<'K'> {
  checkAxisCount('bincount', input, 1)
  return apply('bincount', [input], { axes: 'K', parameters: { classes } })
}

/** Gradient of a number with respect to a leaf. The graph is released; gradients of parameters are not touched. */
export function grad<A extends Axes>(output: Tensor<''>, input: Tensor<A>): Tensor<A> {
  return apply('grad', [output, input], { axes: input.axes })
}

/** Adds the gradients of a number to those of every leaf that it depends on, and releases the graph. */
export function backward(output: Tensor<''>): void {
  output.session.perform('backward', [output])
}

/** The gradient that `backward` has left on a leaf. */
export function gradient<A extends Axes>(input: Tensor<A>): Tensor<A> {
  return apply('gradient', [input], { axes: input.axes })
}

/** Each image in [-1, 1], with one or three channels, as a PNG file in base64. */
export function encodePng(images_NCHW: Tensor<'NCHW'>): PlainHandle<readonly string[]> {
  return images_NCHW.session.record('encode_png', [images_NCHW], {
    make: (session, id) => new PlainHandle<readonly string[]>(session, id),
  })
}

/** Runs `body` without building a graph. */
export function noGrad<T>(session: Session, body: () => T): T {
  return session.within('no_grad', [], body)
}
