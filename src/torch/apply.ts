import type { Parameters, Session } from '../bridge'
import { ShapeError } from '../errors'
import { type AnyTensor, type Axes, Tensor } from './tensor'

export type Dtype = 'float64' | 'float32' | 'float16' | 'bfloat16' | 'int64' | 'bool'

/** The element type of a tensor in JavaScript. */
export type ValueOf<D extends Dtype> = [D] extends ['bool'] ? boolean : number

/** Makes a named tensor from a handle. */
export function makeTensor<A extends Axes, V extends number | boolean = number>(axes: A) {
  return (session: Session, id: number) => new Tensor<A, V>(session, id, axes)
}

/** Records an operation on tensors whose result has the given axes. */
export function apply<A extends Axes, V extends number | boolean = number>(
  operation: string,
  takes: readonly [AnyTensor, ...AnyTensor[]],
  { axes, parameters = {} }: { axes: A; parameters?: Parameters },
): Tensor<A, V> {
  return takes[0].session.record(operation, takes, { parameters, make: makeTensor<A, V>(axes) })
}

/** The dimensions to insert into the second operand, which lacks axes of the first; none if torch broadcasts without them. */
export function missingDimensions(operation: string, axes: Axes, second: AnyTensor): number[] {
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
