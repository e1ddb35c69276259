import { type AnyTensor, type Axes, add, div, mul, square, sub, type Tensor } from '../../torch'

/**
 * Denoising score matching: (σ s + ε)² for every element, with the score s of a network at x + σ ε.
 *
 * @param sigma - of each image: its axes are among those of the score
 */
export function scoreErrors<A extends Axes>(
  score: Tensor<A>,
  { noise, sigma }: { readonly noise: Tensor<A>; readonly sigma: AnyTensor },
): Tensor<A> {
  return square(add(mul(score, sigma), noise))
}

/** The posterior mean of the clean image behind y, from the score at y: y + σ² s (Tweedie). */
export function posteriorMean<A extends Axes>(
  noisy: Tensor<A>,
  { score, sigma }: { readonly score: Tensor<A>; readonly sigma: number },
): Tensor<A> {
  return add(noisy, mul(score, sigma ** 2))
}

/**
 * The score at y whose posterior mean is a denoised image: (D - y) / σ².
 *
 * @param sigma - of each image: its axes are among those of the images
 */
export function scoreOf<A extends Axes>(
  noisy: Tensor<A>,
  { denoised, sigma }: { readonly denoised: Tensor<A>; readonly sigma: AnyTensor },
): Tensor<A> {
  return div(div(sub(denoised, noisy), sigma), sigma)
}
