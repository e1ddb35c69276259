import { add, gt, mul, type Tensor, to } from '../../torch'

/**
 * What a selector is to say of each image: 1, that the certification network is to be asked, where the accuracy of that
 * network under noise is at least the threshold; else 0.
 */
export function selectorTargets(
  accuracy_B: Tensor<'B'>,
  { threshold }: { readonly threshold: number },
): Tensor<'B'> {
  // Below it where -accuracy > -threshold: the threshold itself is the certification network's.
  const isBelow_B = to(gt(mul(accuracy_B, -1), -threshold), 'int64')
  return add(mul(isBelow_B, -1), 1)
}
