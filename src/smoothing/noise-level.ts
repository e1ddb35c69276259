import { ConfigError } from '../errors'

/** The forward process of a diffusion model: x_t = sqrt(abar_t) · x + sqrt(1 - abar_t) · n, n ~ N(0, I). */
export interface NoiseSchedule {
  /** abar_t for t = 0 .. T-1, as {@link alphasCumprod} computes them: strictly decreasing, below 1 and at least 0. */
  readonly alphasCumprod: readonly number[]
  /** Whether the network receives t · 1000 / T instead of t, like OpenAI's CIFAR-10 model. Default false. */
  readonly rescaleTimesteps?: boolean
}

/** The scalars of one noise level: everything about sigma that noising and denoising need. */
export interface NoiseLevel {
  /** The noise level of certificates: standard deviation for pixels in [0, 1]. */
  readonly sigma: number
  /** t*: the timestep whose noise is added. */
  readonly timestep: number
  /** The network's input for t*; fractional if timesteps are rescaled. */
  readonly modelTimestep: number
  /** abar at t*. */
  readonly alphaCumprod: number
  readonly sqrtAlphaCumprod: number
  readonly sqrtOneMinusAlphaCumprod: number
  /** The noise that t* actually adds, on the scale of `sigma` and at least `sigma`. */
  readonly realisedSigma: number
}

/**
 * The named schedules of betas, in float64.
 *
 * - `linear` and `scaled_linear` run from `betaStart` to `betaEnd`, evenly in beta or in its square root. The defaults
 *   are OpenAI's: 1e-4 and 0.02 at 1,000 steps, rescaled for other counts.
 * - `cosine` follows cos²((t/T + 0.008) / 1.008 · π/2), each beta at most 0.999, without end points. diffusers
 *   calls it `squaredcos_cap_v2`.
 *
 * @param steps - T, the number of timesteps.
 * @throws ConfigError if `steps` is not an integer of at least 2.
 */
export function betaSchedule(
  kind: 'linear' | 'scaled_linear' | 'cosine',
  steps: number,
  { betaStart = 0.1 / steps, betaEnd = 20 / steps }: { betaStart?: number; betaEnd?: number } = {},
): number[] {
  if (!(Number.isInteger(steps) && steps >= 2)) {
    throw new ConfigError(`The schedule has ${steps} timesteps, expected an integer of at least 2.`, {
      remedy: 'Pass the number of timesteps that the denoiser was trained with.',
    })
  }
  switch (kind) {
    case 'linear':
      return linspace(betaStart, betaEnd, steps)
    case 'scaled_linear':
      return linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), steps).map(root => root ** 2)
    case 'cosine':
      return cosineBetas(steps)
  }
}

/** abar_t = Π_{s <= t} (1 - beta_s), for t = 0 .. T-1. */
export function alphasCumprod(betas: readonly number[]): number[] {
  let product = 1
  return betas.map(beta => {
    product *= 1 - beta
    return product
  })
}

/**
 * Returns the noise level of a sigma: t* is the first timestep t >= 1 with sqrt((1 - abar_t) / abar_t) >= 2 · sigma, doubled because the
 * denoiser sees pixels in [-1, 1] (Algorithm 2; Carlini et al., 2023). So the added noise is never less than the certified one, and at most
 * one timestep more.
 *
 * A final abar of 0, as in schedules rescaled to zero signal, is never chosen: nothing of the image remains.
 *
 * @param sigma - On the [0, 1] scale.
 * @throws ConfigError if sigma is not positive and finite, exceeds the noise of every timestep, or `alphasCumprod` is not a strictly
 *   decreasing sequence in [0, 1).
 *
 * @example
 * const alphasCumprod = Array.from({ length: 1000 }, (_, t) => Math.cos(((t + 1) / 1001) * (Math.PI / 2)) ** 2)
 * noiseLevel(0.5, { alphasCumprod }).timestep // => 500
 */
export function noiseLevel(sigma: number, diffusion: NoiseSchedule): NoiseLevel {
  const { alphasCumprod, rescaleTimesteps = false } = diffusion
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new ConfigError(`sigma is ${sigma}, expected a positive number on the [0, 1] scale.`, {
      remedy: 'Pass for instance 0.25, 0.5 or 1.',
    })
  }
  requireDecreasing(alphasCumprod)
  const timestep = alphasCumprod.findIndex(
    (abar, t) => t >= 1 && abar > 0 && noiseToSignal(abar) >= 2 * sigma,
  )
  if (timestep < 0) {
    const { largest } = sigmaRange(diffusion)
    throw new ConfigError(
      `sigma is ${sigma}, expected at most ${largest}, the most that the ${alphasCumprod.length} timesteps add.`,
      { remedy: 'Choose a smaller sigma or a denoiser with a longer schedule.' },
    )
  }
  return { ...levelAtTimestep(timestep, { alphasCumprod, rescaleTimesteps }), sigma }
}

/** Returns the noise level of a timestep of a schedule, with the sigma that it adds. */
export function levelAtTimestep(
  timestep: number,
  { alphasCumprod, rescaleTimesteps = false }: NoiseSchedule,
): NoiseLevel {
  const alphaCumprod = alphasCumprod[timestep] as number
  const realisedSigma = noiseToSignal(alphaCumprod) / 2
  return {
    sigma: realisedSigma,
    timestep,
    modelTimestep: rescaleTimesteps ? (timestep * 1000) / alphasCumprod.length : timestep,
    alphaCumprod,
    sqrtAlphaCumprod: Math.sqrt(alphaCumprod),
    sqrtOneMinusAlphaCumprod: Math.sqrt(1 - alphaCumprod),
    realisedSigma,
  }
}

/**
 * Returns the smallest and largest σ for which a schedule has a timestep, on the [0, 1] scale.
 *
 * @throws ConfigError for `alphasCumprod`, like {@link noiseLevel}
 */
export function sigmaRange({ alphasCumprod }: NoiseSchedule): {
  readonly smallest: number
  readonly largest: number
} {
  requireDecreasing(alphasCumprod)
  const last = alphasCumprod.findLast(abar => abar > 0) ?? 1
  return { smallest: noiseToSignal(alphasCumprod[1] ?? last) / 2, largest: noiseToSignal(last) / 2 }
}

/** Returns the standard deviation of the noise in x_t / sqrt(abar_t), for pixels in [-1, 1]. */
function noiseToSignal(abar: number): number {
  return Math.sqrt((1 - abar) / abar)
}

function cosineBetas(steps: number): number[] {
  const abar = (progress: number) => Math.cos((((progress + 0.008) / 1.008) * Math.PI) / 2) ** 2
  return Array.from({ length: steps }, (_, t) => Math.min(1 - abar((t + 1) / steps) / abar(t / steps), 0.999))
}

function linspace(first: number, last: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + ((last - first) * index) / (count - 1))
}

function requireDecreasing(alphasCumprod: readonly number[]): void {
  const wrong = alphasCumprod.findIndex(
    (abar, t) => !(abar >= 0 && abar < (t === 0 ? 1 : (alphasCumprod[t - 1] ?? 1))),
  )
  if (wrong >= 0 || alphasCumprod.length < 2) {
    const got =
      wrong >= 0 ? `alphasCumprod[${wrong}] is ${alphasCumprod[wrong]}` : 'it has fewer than two values'
    throw new ConfigError(
      `alphasCumprod: expected two or more values in [0, 1), each less than the one before; ${got}.`,
      { remedy: 'Pass the cumulative products of 1 - beta of the denoiser, from the first timestep on.' },
    )
  }
}
