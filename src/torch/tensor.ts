import { inspect } from 'node:util'
import { Handle, type Session } from '../bridge'
import { ShapeError } from '../errors'
import { knownOf } from './known'

/**
 * Letters of shapes. A tensor's type carries one letter for each axis, and names carry them too: `logits_MBK`.
 *
 *     M noises    B images    A attacked images    N rows of a batch (M·B or any other)
 *     K classes   C channels  H height             W width
 *
 * Axes are named by letter, never by number, and two tensors broadcast by their letters.
 */
export type Axes = string

/** Nested arrays, one level for each axis: `Nested<'MB'>` is `number[][]`, `Nested<''>` is `number`. */
export type Nested<A extends Axes, Value> = string extends A
  ? NestedAny<Value>
  : A extends `${infer _First}${infer Rest}`
    ? Nested<Rest, Value>[]
    : Value

type NestedAny<Value> = Value | NestedAny<Value>[]

/** The axes without one of them: `Without<'MBK', 'K'>` is `'MB'`. */
export type Without<A extends Axes, Axis extends string> = Replaced<A, Axis, ''>

/** One of the axes: `Letter<'MBK'>` is `'M' | 'B' | 'K'`; any letter if the compiler does not know the axes. */
export type Letter<A extends Axes> = string extends A
  ? string
  : A extends `${infer First}${infer Rest}`
    ? First | Letter<Rest>
    : never

/** The axes with one of them, or a run of them, replaced: `Replaced<'MBK', 'MB', 'N'>` is `'NK'`. */
export type Replaced<A extends Axes, From extends string, To extends string> = string extends A
  ? string
  : string extends From
    ? string
    : From extends unknown
      ? A extends `${infer Head}${From}${infer Tail}`
        ? `${Head}${To}${Tail}`
        : never
      : never

/** A name for a torch tensor that Python will hold. `A` are its axes; reading it returns nested arrays of `Value`. */
export class Tensor<A extends Axes = Axes, Value extends number | boolean = number> extends Handle<
  Nested<A, Value>
> {
  constructor(
    session: Session,
    id: number,
    readonly axes: A,
  ) {
    super(session, id)
  }

  /** Returns `Tensor BK [2, 3] float32`; without shape and number type if only Python knows them. */
  override [inspect.custom](): string {
    return ['Tensor', ...(this.axes === '' ? [] : [this.axes]), ...knownOf(this)].join(' ')
  }
}

/** A tensor of any axes and values, for functions that accept all. */
export type AnyTensor = Handle & { readonly axes: Axes }

/**
 * Looks up the letter of an axis at run time, for a function whose axes the compiler does not know.
 *
 * @throws ShapeError if it is not one of the tensor's axes
 */
export function axisOf<A extends Axes, X extends string>(
  tensor: AnyTensor & { readonly axes: A },
  axis: X,
): X & Letter<A> {
  dimensionOf('axisOf', tensor, axis)
  return axis as X & Letter<A>
}

/** Returns the dimension number of an axis. */
export function dimensionOf(operation: string, tensor: AnyTensor, axis: string): number {
  const dimension = tensor.axes.indexOf(axis)
  if (axis.length !== 1 || dimension < 0) {
    throw new ShapeError(
      `${operation}: expected an axis of a tensor with axes '${tensor.axes}', got '${axis}'.`,
      {
        remedy: 'Name one of its letters.',
      },
    )
  }
  return dimension
}

/** Returns the axes with one of them, or a run of them, replaced by new ones. */
export function replaceAxes<A extends Axes, X extends string, Y extends string>(
  operation: string,
  axes: A,
  { from, to, count = 1 }: { from: X; to: Y; count?: number },
): Replaced<A, X, Y> {
  const replaced = axes.replace(from, to)
  checkNewAxes(operation, replaced, { added: to, count })
  return replaced as Replaced<A, X, Y>
}

/** Returns the axes with a new one in front. */
export function prependAxis<X extends string, A extends Axes>(
  operation: string,
  axis: X,
  axes: A,
): `${X}${A}` {
  const longer = `${axis}${axes}` as const
  checkNewAxes(operation, longer, { added: axis, count: 1 })
  return longer
}

function checkNewAxes(
  operation: string,
  axes: Axes,
  { added, count }: { added: string; count: number },
): void {
  if (added.length === count && new Set(axes).size === axes.length) return
  const expected = count === 1 ? 'one new axis' : `${count} new axes`
  throw new ShapeError(`${operation}: expected ${expected}, got '${added}', which makes '${axes}'.`, {
    remedy: 'Name each axis by one letter that no other axis has.',
  })
}

/** Throws if a tensor has another number of axes. */
export function checkAxisCount(operation: string, tensor: AnyTensor, count: number): void {
  if (tensor.axes.length === count) return
  throw new ShapeError(
    `${operation}: expected a tensor with ${count} axis, got one with axes '${tensor.axes}'.`,
    {
      remedy: 'Flatten or select first.',
    },
  )
}
