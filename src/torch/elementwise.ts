import { apply, type Dtype, missingDimensions, type ValueOf } from './apply'
import { rememberLike } from './known'
import { type AnyTensor, type Axes, dimensionOf, type Letter, type Tensor } from './tensor'

/** The second operand of a binary operation: a number, or a tensor whose axes are among those of the first. */
export type Operand = AnyTensor | number

function binary<A extends Axes, V extends number | boolean = number>(
  operation: string,
  first: AnyTensor & { readonly axes: A },
  second: Operand,
  dtype?: Dtype,
): Tensor<A, V> {
  const { axes } = first
  if (typeof second === 'number') {
    const result = apply<A, V>(operation, [first], { axes, parameters: { other: second } })
    return rememberLike(result, [first], dtype)
  }
  const unsqueeze = missingDimensions(operation, axes, second)
  const parameters = unsqueeze.length === 0 ? {} : { unsqueeze }
  return rememberLike(apply<A, V>(operation, [first, second], { axes, parameters }), [first, second], dtype)
}

/** `first + second` */
export const add = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A> =>
  binary('add', first, second)
/** `first - second` */
export const sub = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A> =>
  binary('sub', first, second)
/**
 * `first · second`
 *
 * @example
 * const gradients_BK = torch.tensor(session, [[1, 2], [3, 4]], { axes: 'BK' })
 * const scale_B = torch.tensor(session, [1, 10], { axes: 'B' })
 * await session.compute(() => torch.mul(gradients_BK, scale_B)) // => [[1, 2], [30, 40]]
 */
export const mul = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A> =>
  binary('mul', first, second)
/** `first / second` */
export const div = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A> =>
  binary('div', first, second)
/** Whether elements are equal. */
export const eq = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A, boolean> =>
  binary('eq', first, second, 'bool')
/** Whether elements differ. */
export const ne = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A, boolean> =>
  binary('ne', first, second, 'bool')
/** Whether elements of the first are greater. */
export const gt = <A extends Axes>(first: Tensor<A>, second: Operand): Tensor<A, boolean> =>
  binary('gt', first, second, 'bool')

/** `condition ? first : otherwise`, element by element; the axes of the condition are among the first's. */
export function where<A extends Axes>(
  condition: AnyTensor,
  first: Tensor<A>,
  otherwise: number | Tensor<A>,
): Tensor<A> {
  const unsqueeze = missingDimensions('where', first.axes, condition)
  const { axes } = first
  return typeof otherwise === 'number'
    ? apply('where', [first, condition], { axes, parameters: { unsqueeze, otherwise } })
    : apply('where', [first, condition, otherwise], { axes, parameters: { unsqueeze } })
}

const unary =
  (operation: string) =>
  <A extends Axes>(input: Tensor<A>): Tensor<A> =>
    rememberLike(apply(operation, [input], { axes: input.axes }), [input])

export const exp = unary('exp')
export const log = unary('log')
export const sqrt = unary('sqrt')
export const square = unary('square')
export const abs = unary('abs')
export const reciprocal = unary('reciprocal')
export const tanh = unary('tanh')
/** The inverse of the error function, on (-1, 1); infinite at its ends. */
export const erfinv = unary('erfinv')
/** Rounds to the nearest whole number, ties to even; without a gradient. */
export const round = unary('round')
/** Returns the same values, detached from the graph that computed them. */
export const detach = unary('detach')
/** Returns a leaf of the graph with the same values, for which a gradient can be requested. */
export const leaf = unary('leaf')

/** Clamps values to [min, max]. */
export function clamp<A extends Axes>(input: Tensor<A>, min: number, max: number): Tensor<A> {
  return apply('clamp', [input], { axes: input.axes, parameters: { min, max } })
}

/** Clamps values to at least `min`. */
export function clampMin<A extends Axes>(input: Tensor<A>, min: number): Tensor<A> {
  return apply('clamp', [input], { axes: input.axes, parameters: { min } })
}

/** Casts values to another dtype. */
export function to<A extends Axes, D extends Dtype>(
  input: AnyTensor & { readonly axes: A },
  dtype: D,
): Tensor<A, ValueOf<D>> {
  return rememberLike(apply('to', [input], { axes: input.axes, parameters: { dtype } }), [input], dtype)
}

const alongAxis =
  (operation: string) =>
  <A extends Axes>(input: Tensor<A>, axis: Letter<A>): Tensor<A> => {
    const parameters = { dim: dimensionOf(operation, input, axis) }
    return rememberLike(apply(operation, [input], { axes: input.axes, parameters }), [input])
  }

/** Probabilities along an axis, from logits. */
export const softmax = alongAxis('softmax')
/** Logarithms of probabilities along an axis, from logits. */
export const logSoftmax = alongAxis('log_softmax')
/** 1 at the largest value of an axis, the first of equals, and 0 elsewhere; without a gradient. */
export const hardmax = alongAxis('hardmax')
