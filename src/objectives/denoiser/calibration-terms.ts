import {
  add,
  argmax,
  exp,
  hardmax,
  logSoftmax,
  logsumexp,
  mean,
  mul,
  ne,
  pick,
  select,
  square,
  sub,
  sum,
  type Tensor,
  to,
} from '../../torch'

/** Excludes a class from a sum of exponentials: far below every log-probability, and finite. */
const OUT = -1e30

/**
 * The terms that calibrate a one-shot denoiser (Jeong and Shin, 2023), for logits of two noisy copies of each image. No code of it was
 * released, and the form is from memory: the arithmetic is not a confirmed method.
 */
export function calibrationTerms(
  logits_MBK: Tensor<'MBK'>,
  labels_B: Tensor<'B'>,
): {
  /** Mean over the copies of ‖p - e_y‖². */
  readonly brier_B: Tensor<'B'>
  /** -ln(1 - p₂[y₁]) if the class y₁ of the first copy is neither the label nor the class of the second; else 0. */
  readonly antiConsistency_B: Tensor<'B'>
  readonly isLone_B: Tensor<'B'>
} {
  const logProbabilities_MBK = logSoftmax(logits_MBK, 'K')
  const p_MBK = exp(logProbabilities_MBK)
  // ‖p - e_y‖² = Σ p² - 2 p_y + 1
  const squared_MB = sub(sum(square(p_MBK), 'K'), mul(pick(p_MBK, 'K', labels_B), 2))
  const brier_B = add(mean(squared_MB, 'M'), 1)
  const leading_MB = argmax(logProbabilities_MBK, 'K')
  const [first_B, second_B] = [select(leading_MB, 'M', 0), select(leading_MB, 'M', 1)]
  const isLone_B = mul(to(ne(first_B, labels_B), 'float32'), to(ne(first_B, second_B), 'float32'))
  // ln(1 - p) as the sum over the other classes, which loses no digits if p is near 1.
  const ofFirst_BK = select(hardmax(logProbabilities_MBK, 'K'), 'M', 0)
  const others_BK = add(select(logProbabilities_MBK, 'M', 1), mul(ofFirst_BK, OUT))
  const antiConsistency_B = mul(mul(logsumexp(others_BK, 'K'), -1), isLone_B)
  return { brier_B, antiConsistency_B, isLone_B }
}
