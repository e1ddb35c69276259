import type { Session } from '../bridge'
import { apply } from './apply'
import type { Axes, Tensor } from './tensor'

/** Returns the gradient of a number with respect to a leaf. Releases the graph, and leaves gradients of parameters alone. */
export function grad<A extends Axes>(output: Tensor<''>, input: Tensor<A>): Tensor<A> {
  return apply('grad', [output, input], { axes: input.axes })
}

/** Like {@link grad}, but keeps the graph of the number and builds one of the gradient, which can be differentiated again. */
export function gradWithGraph<A extends Axes>(output: Tensor<''>, input: Tensor<A>): Tensor<A> {
  return apply('grad_with_graph', [output, input], { axes: input.axes })
}

/** Runs `body` with attention kernels that can be differentiated twice; the fused ones cannot. */
export function doublyDifferentiable<T>(session: Session, body: () => T): T {
  return session.inContext('math_attention', [], body)
}

/** Adds the gradients of a number to those of every leaf it depends on, and releases the graph. */
export function backward(output: Tensor<''>): void {
  output.session.perform('backward', [output])
}

/** Returns the gradient that `backward` left on a leaf. */
export function gradient<A extends Axes>(input: Tensor<A>): Tensor<A> {
  return apply('gradient', [input], { axes: input.axes })
}

/** Runs `body` without building a graph. */
export function noGrad<T>(session: Session, body: () => T): T {
  return session.inContext('no_grad', [], body)
}
