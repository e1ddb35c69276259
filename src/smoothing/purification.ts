import { type PurifyConfig, problemsOfPurifier } from '../config/certified/purify-schema'
import { ConfigError } from '../errors'
import { add, autocasting, type CopyRuns, mul, noiseOfRuns, type Tensor } from '../torch'
import { denoise, noiseScheduleOf } from './denoise'
import { levelAtTimestep, type NoiseLevel, type NoiseSchedule } from './noise-level'
import { type Smoothing, seen } from './smoothing'

/**
 * How to purify a noisy copy, and how many results vote: their majority is the vote of the copy. All noise here is drawn afresh for each
 * copy, so votes of copies stay independent. It is plain data, as recorded programs require.
 */
export type Purification =
  | { readonly kind: 'once' }
  /** The denoised image under noise of this σ, for pixels in [0, 1], repeated `votes` times. */
  | { readonly kind: 'local'; readonly sigma: number; readonly votes: number }
  /** `votes` runs of the reverse process, each with these steps. */
  | { readonly kind: 'reverse'; readonly steps: readonly ReverseStep[]; readonly votes: number }

/** A step of the reverse process, for images in [-1, 1]: x ← noisy · x + clean · x̂ + noise · n, with the clean estimate x̂. */
export interface ReverseStep {
  readonly level: NoiseLevel
  readonly noisy: number
  readonly clean: number
  readonly noise: number
}

export const ONCE: Purification = { kind: 'once' }

/**
 * Returns the purification that settings describe for a smoothing.
 *
 * @throws ConfigError if the front does not support it, or its timestep has fewer steps
 */
export function purificationOf(
  purify: PurifyConfig | undefined,
  { front }: Pick<Smoothing, 'front'>,
): Purification {
  if (purify === undefined || purify.kind === 'once') return ONCE
  const isDiffusion = front.kind === 'none' ? null : front.kind === 'one-shot'
  const [problem] = problemsOfPurifier(purify, { isDiffusion })
  if (problem !== undefined) {
    throw new ConfigError(`${problem.path}: ${problem.message}.`, { remedy: 'Correct this field.' })
  }
  if (purify.kind === 'local' || front.kind !== 'one-shot') return purify as Purification
  const { network, level } = front
  const steps = reverseSteps(level.timestep, noiseScheduleOf(network), purify)
  return { kind: 'reverse', steps, votes: purify.votes }
}

/**
 * Returns the reverse process of a diffusion model from a timestep to the clean image, in steps of about equal length. Each moves to the
 * mean of q(x_s | x_t, x̂) and adds its noise; the last one ends in x̂ (Ho et al., 2020, Eq. 7, on the remaining timesteps).
 *
 * @throws ConfigError if there are fewer timesteps than steps
 */
export function reverseSteps(
  timestep: number,
  schedule: NoiseSchedule,
  { steps }: { readonly steps: number },
): readonly ReverseStep[] {
  if (steps > timestep) {
    throw new ConfigError(
      `certification.purify.steps: expected at most ${timestep}, the timestep of sigma, got ${steps}.`,
      { remedy: 'Take fewer steps.' },
    )
  }
  return Array.from({ length: steps }, (_, step): ReverseStep => {
    const level = levelAtTimestep(Math.round(timestep * (1 - step / steps)), schedule)
    if (step === steps - 1) return { level, noisy: 0, clean: 1, noise: 0 }
    const next = schedule.alphasCumprod[Math.round(timestep * (1 - (step + 1) / steps))] as number
    const { alphaCumprod: now } = level
    const kept = now / next
    return {
      level,
      noisy: (Math.sqrt(kept) * (1 - next)) / (1 - now),
      clean: (Math.sqrt(next) * (1 - kept)) / (1 - now),
      noise: Math.sqrt(((1 - next) * (1 - kept)) / (1 - now)),
    }
  })
}

/** Network passes per noisy copy. */
export interface PassesOfCopy {
  readonly denoiser: number
  readonly classifier: number
}

export function passesOfCopy(purification: Purification, { front }: Pick<Smoothing, 'front'>): PassesOfCopy {
  const once = front.kind === 'none' ? 0 : 1
  if (purification.kind === 'once') return { denoiser: once, classifier: 1 }
  const { votes } = purification
  if (purification.kind === 'local') return { denoiser: once, classifier: votes }
  return { denoiser: votes * purification.steps.length, classifier: votes }
}

/**
 * Returns the classifier's inputs for noisy copies, one look after the other: the caller collects the votes of one before recording the
 * next.
 *
 * @param drawn - the images and copies of the pass: they name the noise drawn here
 */
export function purified(
  { smoothing, purification }: { readonly smoothing: Smoothing; readonly purification: Purification },
  noisy_NCHW: Tensor<'NCHW'>,
  { images_SCHW, runs }: { readonly images_SCHW: Tensor<'SCHW'>; readonly runs: CopyRuns },
): readonly (() => Tensor<'NCHW'>)[] {
  if (purification.kind === 'once') return [() => seen(smoothing, noisy_NCHW)]
  const times = Array.from({ length: purification.votes }, (_, time) => time)
  const noise = (...part: readonly (string | number)[]) => noiseOfRuns(images_SCHW, runs, { part })
  if (purification.kind === 'local') {
    const { sigma } = purification
    const denoised_NCHW = seen(smoothing, noisy_NCHW)
    // σ is for pixels in [0, 1], and images are in [-1, 1].
    return times.map(time => () => add(denoised_NCHW, mul(noise('local', time), 2 * sigma)))
  }
  const { steps } = purification
  const { front, autocast } = smoothing
  if (front.kind !== 'one-shot') throw new TypeError('The reverse process is that of a diffusion model.')
  return times.map(
    time => () =>
      steps.reduce((x_NCHW, { level, ...scales }, step) => {
        const clean_NCHW = autocasting(x_NCHW.session, autocast, () => denoise(front.network, x_NCHW, level))
        if (step === steps.length - 1) return clean_NCHW
        const mean_NCHW = add(mul(x_NCHW, scales.noisy), mul(clean_NCHW, scales.clean))
        return add(mean_NCHW, mul(noise('reverse', time, step), scales.noise))
      }, noisy_NCHW),
  )
}
