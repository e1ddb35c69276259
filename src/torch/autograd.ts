import type { Session } from '../bridge'
import { apply } from './apply'
import type { Axes, Tensor } from './tensor'

/** Gradient of a number with respect to a leaf. The graph is released; gradients of parameters are not touched. */
export function grad<A extends Axes>(output: Tensor<''>, input: Tensor<A>): Tensor<A> {
  return apply('grad', [output, input], { axes: input.axes })
}

/** The same with a graph of the gradient, which can be differentiated again. The graph of the number stays. */
export function gradWithGraph<A extends Axes>(output: Tensor<''>, input: Tensor<A>): Tensor<A> {
  return apply('grad_with_graph', [output, input], { axes: input.axes })
}

/** Runs `body` with kernels of attention whose gradients have gradients; the fused ones have none. */
export function doublyDifferentiable<T>(session: Session, body: () => T): T {
  return session.inContext('math_attention', [], body)
}

/** Adds the gradients of a number to those of every leaf that it depends on, and releases the graph. */
export function backward(output: Tensor<''>): void {
  output.session.perform('backward', [output])
}

/** The gradient that `backward` has left on a leaf. */
export function gradient<A extends Axes>(input: Tensor<A>): Tensor<A> {
  return apply('gradient', [input], { axes: input.axes })
}

/** Runs `body` without building a graph. */
export function noGrad<T>(session: Session, body: () => T): T {
  return session.inContext('no_grad', [], body)
}
