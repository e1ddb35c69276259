import { clamp, type Denoiser, div, mul, noGrad, sub, type Tensor } from '../torch'
import { alphasCumprod, betaSchedule, type NoiseLevel, type NoiseSchedule, noiseLevel } from './noise-level'

/** One-shot denoising (Algorithm 2; Carlini et al., 2023). All images in this file are in [-1, 1]. */

/** Maps images from [0, 1], as loaders return them, to [-1, 1]. */
export function toSymmetric<A extends string>(images: Tensor<A>): Tensor<A> {
  return sub(mul(images, 2), 1)
}

/** Returns ᾱ for every timestep of a denoiser's schedule. */
export function noiseScheduleOf({ schedule }: Pick<Denoiser, 'schedule'>): NoiseSchedule {
  const { kind, steps, rescaleTimesteps, betaStart, betaEnd, betas } = schedule
  const ends = betaStart === undefined || betaEnd === undefined ? {} : { betaStart, betaEnd }
  return {
    alphasCumprod: alphasCumprod(kind === 'explicit' ? (betas ?? []) : betaSchedule(kind, steps, ends)),
    rescaleTimesteps,
  }
}

/** Returns the noise level of σ for a denoiser. Throws ConfigError if its schedule does not reach 2σ. */
export function noiseLevelOf(denoiser: Denoiser, sigma: number): NoiseLevel {
  return noiseLevel(sigma, noiseScheduleOf(denoiser))
}

/** x̂ = (x_t* - √(1-ᾱ)·ε̂) / √ᾱ, clamped to [-1, 1]. */
export function estimateClean<A extends string>(
  noisy: Tensor<A>,
  predictedNoise: Tensor<A>,
  level: Pick<NoiseLevel, 'sqrtAlphaCumprod' | 'sqrtOneMinusAlphaCumprod'>,
): Tensor<A> {
  const scaled = sub(noisy, mul(predictedNoise, level.sqrtOneMinusAlphaCumprod))
  return clamp(div(scaled, level.sqrtAlphaCumprod), -1, 1)
}

/**
 * Returns the one-shot estimate of the clean images behind noisy ones.
 *
 * @param options - `live`: whether gradients flow through the denoiser to the noisy images. Default false.
 */
export function denoise(
  denoiser: Denoiser,
  noisy_NCHW: Tensor<'NCHW'>,
  level: NoiseLevel,
  { live = false }: { readonly live?: boolean | undefined } = {},
): Tensor<'NCHW'> {
  const estimate = () => {
    const predictedNoise = denoiser.predictNoise(noisy_NCHW, { timestep: level.modelTimestep })
    return estimateClean(noisy_NCHW, predictedNoise, level)
  }
  return live ? estimate() : noGrad(denoiser.session, estimate)
}
