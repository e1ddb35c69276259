import {
  add,
  clamp,
  type Denoiser,
  div,
  flatten,
  type Generator,
  mul,
  noGrad,
  randnCopies,
  sub,
  type Tensor,
  unflatten,
} from '../torch'
import { alphasCumprod, betaSchedule, type NoiseLevel, type NoiseSchedule, noiseLevel } from './noise-level'

/**
 * Noise and denoise (Algorithm 2; Carlini et al., 2023): diffuse a clean image to the timestep whose noise matches σ,
 * and let the denoiser estimate the clean image in one shot. All images here are in [-1, 1].
 */

/** Images in [0, 1], as loaders give them, in [-1, 1]. */
export function toSymmetric<A extends string>(images: Tensor<A>): Tensor<A> {
  return sub(mul(images, 2), 1)
}

/** ᾱ of every timestep of a denoiser's schedule. */
export function noiseScheduleOf({ schedule }: Denoiser): NoiseSchedule {
  const { kind, steps, rescaleTimesteps, betaStart, betaEnd, betas } = schedule
  const ends = betaStart === undefined || betaEnd === undefined ? {} : { betaStart, betaEnd }
  return {
    alphasCumprod: alphasCumprod(kind === 'explicit' ? (betas ?? []) : betaSchedule(kind, steps, ends)),
    rescaleTimesteps,
  }
}

/** The noise level of σ for a denoiser. Throws ConfigError where its schedule does not reach 2σ. */
export function noiseLevelOf(denoiser: Denoiser, sigma: number): NoiseLevel {
  return noiseLevel(sigma, noiseScheduleOf(denoiser))
}

/** x_t* = √ᾱ·x + √(1-ᾱ)·n, for standard normal n: √ᾱ times the image with Gaussian noise of the realised σ. */
export function addNoise<A extends string>(
  clean: Tensor<A>,
  noise: Tensor<A>,
  level: Pick<NoiseLevel, 'sqrtAlphaCumprod' | 'sqrtOneMinusAlphaCumprod'>,
): Tensor<A> {
  return add(mul(clean, level.sqrtAlphaCumprod), mul(noise, level.sqrtOneMinusAlphaCumprod))
}

/** x̂ = (x_t* - √(1-ᾱ)·ε̂) / √ᾱ, held within [-1, 1]. */
export function estimateClean<A extends string>(
  noisy: Tensor<A>,
  predictedNoise: Tensor<A>,
  level: Pick<NoiseLevel, 'sqrtAlphaCumprod' | 'sqrtOneMinusAlphaCumprod'>,
): Tensor<A> {
  const scaled = sub(noisy, mul(predictedNoise, level.sqrtOneMinusAlphaCumprod))
  return clamp(div(scaled, level.sqrtAlphaCumprod), -1, 1)
}

/** The one-shot estimate of the clean images behind noisy ones. No gradient flows through the denoiser. */
export function denoise(denoiser: Denoiser, noisy_NCHW: Tensor<'NCHW'>, level: NoiseLevel): Tensor<'NCHW'> {
  return noGrad(denoiser.session, () => {
    const predictedNoise = denoiser.predictNoise(noisy_NCHW, { timestep: level.modelTimestep })
    return estimateClean(noisy_NCHW, predictedNoise, level)
  })
}

/** M denoised images of each clean image, noise-major: image b under noise m sits at [m][b]. */
export function noiseAndDenoise(
  denoiser: Denoiser,
  clean_BCHW: Tensor<'BCHW'>,
  { level, noises, generator }: { level: NoiseLevel; noises: number; generator: Generator },
): Tensor<'MBCHW'> {
  return clean_BCHW.session.scope(() => {
    const noise_MBCHW = randnCopies(clean_BCHW, { axis: 'M', count: noises, generator })
    const noisy_MBCHW = add(
      mul(noise_MBCHW, level.sqrtOneMinusAlphaCumprod),
      mul(clean_BCHW, level.sqrtAlphaCumprod),
    )
    const denoised_NCHW = denoise(denoiser, flatten(noisy_MBCHW, 'MB', 'N'), level)
    return unflatten(denoised_NCHW, 'N', { as: 'MB', count: noises })
  })
}
