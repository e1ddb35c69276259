import { add, gt, mul, type Tensor, to } from '../../torch'

/**
 * Returns the selector's target for each image: 1 (use the certification network) if that network's accuracy under noise is at least the
 * threshold, else 0.
 */
export function selectorTargets(
  accuracy_B: Tensor<'B'>,
  { threshold }: { readonly threshold: number },
): Tensor<'B'> {
  // Below the threshold if -accuracy > -threshold: at the threshold itself, the certification network is used.
  const isBelow_B = to(gt(mul(accuracy_B, -1), -threshold), 'int64')
  return add(mul(isBelow_B, -1), 1)
}
