/**
 * Tensor operations, named after torch's. Each records one instruction and returns a name for its result; nothing is
 * computed until a session reads. Binary operations take a tensor whose axes are among the first one's, in the same
 * order, and broadcast by letter: `mul(gradients_MBCHW, scale_MB)` scales each image by its own number.
 */

export type { Dtype } from './apply'
export * from './autograd'
export * from './creation'
export * from './elementwise'
export * from './indexing'
export * from './reductions'
