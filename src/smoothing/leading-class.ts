import { argmax, eq, max, type Tensor, where } from '../torch'

/** Returns the class with the largest logit, the first of equal ones; -1 if a logit is NaN, which `argmax` considers the largest. */
export function leadingClass(logits_NK: Tensor<'NK'>): Tensor<'N'> {
  const largest_N = max(logits_NK, 'K')
  return where(eq(largest_N, largest_N), argmax(logits_NK, 'K'), -1)
}
