import { gaussianBound } from '../../statistics/bound'
import { add, gt, mul, type Tensor, to, where } from '../../torch'

/**
 * Radii at which certificates count, where the settings do not say: 0 and the multiples of half of the smallest noise level, up to
 * twice the largest.
 */
export function defaultRadii(sigmas: readonly number[]): readonly number[] {
  const [step, last] = [Math.min(...sigmas) / 2, 2 * Math.max(...sigmas)]
  return Array.from({ length: Math.floor(last / step + 1e-9) + 1 }, (_, place) => place * step)
}

/**
 * Votes for its label, of all votes of an image, above which an expert certifies the image at each of the radii. That many votes of one
 * more: no finite number of votes shows that a class has all of the probability.
 */
export function thresholds(
  radii: readonly number[],
  { sigma, votes }: { readonly sigma: number; readonly votes: number },
): readonly number[] {
  const bound = gaussianBound(sigma)
  return radii.map(radius => (bound.top(radius) * (votes + 1)) / votes)
}

/** At how many of the radii an expert certifies each image, as a share of them. */
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

/** The smallest of several values for each image. */
export function leastOf([first, ...others]: readonly [Tensor<'B'>, ...Tensor<'B'>[]]): Tensor<'B'> {
  return others.reduce((least_B, other_B) => where(gt(least_B, other_B), other_B, least_B), first)
}

/** The largest of several values for each image. */
export function mostOf([first, ...others]: readonly [Tensor<'B'>, ...Tensor<'B'>[]]): Tensor<'B'> {
  return others.reduce((most_B, other_B) => where(gt(other_B, most_B), other_B, most_B), first)
}
