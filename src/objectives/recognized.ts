import { type Axes, argmax, axisOf, eq, sum, type Tensor, to } from '../torch'

/** Counts the images of a micro-batch, under all their noises, that get their label. */
export function recognizedCount<A extends Axes>(
  logProbabilities: Tensor<A>,
  labels_B: Tensor<'B'>,
): Tensor<''> {
  return sum(to(eq(argmax(logProbabilities, axisOf(logProbabilities, 'K')), labels_B), 'float32'))
}
