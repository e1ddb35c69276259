import { argmax, eq, max, type Tensor, where } from '../torch'

/** The class with the largest logit, the first of equals; -1 where a logit is NaN, which `argmax` takes for the largest. */
export function leadingClass(logits_NK: Tensor<'NK'>): Tensor<'N'> {
  const largest_N = max(logits_NK, 'K')
  return where(eq(largest_N, largest_N), argmax(logits_NK, 'K'), -1)
}
