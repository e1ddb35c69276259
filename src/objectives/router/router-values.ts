import { gaussianBound } from '../../statistics/bound'
import { add, gt, mul, type Tensor, to, where } from '../../torch'

/** Returns the default radii of certificates: 0 and the multiples of half of the smallest noise level, up to twice the largest. */
export function defaultRadii(sigmas: readonly number[]): readonly number[] {
  const [step, last] = [Math.min(...sigmas) / 2, 2 * Math.max(...sigmas)]
  return Array.from({ length: Math.floor(last / step + 1e-9) + 1 }, (_, place) => place * step)
}

/**
 * Returns the share of an image's votes for its label above which an expert certifies the image at each radius. The share is taken of one
 * vote more, since no finite number of votes shows that a class has all of the probability.
 */
export function thresholds(
  radii: readonly number[],
  { sigma, votes }: { readonly sigma: number; readonly votes: number },
): readonly number[] {
  const bound = gaussianBound(sigma)
  return radii.map(radius => (bound.top(radius) * (votes + 1)) / votes)
}

/** Returns the share of the radii at which an expert certifies each image. */
export function certifiedShare(
  accuracy_B: Tensor<'B'>,
  { thresholds: all }: { readonly thresholds: readonly number[] },
): Tensor<'B'> {
  const [first = 1, ...others] = all
  const count_B = others.reduce<Tensor<'B'>>(
    (sum_B, threshold) => add(sum_B, to(gt(accuracy_B, threshold), 'float32')),
    to(gt(accuracy_B, first), 'float32'),
  )
  return mul(count_B, 1 / all.length)
}

/** Returns the smallest of several values for each image. */
export function leastOf([first, ...others]: readonly [Tensor<'B'>, ...Tensor<'B'>[]]): Tensor<'B'> {
  return others.reduce((least_B, other_B) => where(gt(least_B, other_B), other_B, least_B), first)
}

/** Returns the largest of several values for each image. */
export function mostOf([first, ...others]: readonly [Tensor<'B'>, ...Tensor<'B'>[]]): Tensor<'B'> {
  return others.reduce((most_B, other_B) => where(gt(other_B, most_B), other_B, most_B), first)
}
