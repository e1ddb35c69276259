import {
  type AnyDenoiser,
  type Autocast,
  type Axes,
  add,
  autocasting,
  type Classifier,
  type Denoiser,
  div,
  firstLayerFeatures,
  firstLayerSensitivity,
  flatten,
  type Generator,
  ImageDenoiser,
  mul,
  noGrad,
  randnCopies,
  type StepNoise,
  type Tensor,
  unflatten,
} from '../torch'
import { denoise, noiseLevelOf } from './denoise'
import type { NoiseLevel } from './noise-level'

/**
 * The path of images to a smoothed classifier: the noise, and the front between noise and classifier. Training, evaluation, pictures,
 * certification and prediction share it. It consists of plain data and handles, as recorded programs require.
 */
export interface Smoothing {
  /** σ of the settings: standard deviation of the noise for pixels in [0, 1]. */
  readonly sigma: number
  /** σ of the drawn noise. With a denoiser, that of its timestep, which is at least `sigma`. */
  readonly realisedSigma: number
  /** x_t = image · x + noise · n, for images in [-1, 1] and n ~ N(0, I). */
  readonly scales: { readonly image: number; readonly noise: number }
  readonly front: Front
  /** Number type for autocasting the front, if torch considers it safe. */
  readonly autocast: Autocast
  /** Default: Gaussian. */
  readonly noise?: Noise
}

/** The noise for certification and prediction. */
export type Noise =
  | { readonly kind: 'gaussian' }
  /** Gaussian, rounded to whole steps, with `steps` of them between 0 and 1, on images rounded in the same way. */
  | { readonly kind: 'discrete-gaussian'; readonly table: StepNoise; readonly steps: number }
  /** Laplace noise with a scale of this many standard deviations. */
  | { readonly kind: 'laplace'; readonly scale: number }
  /** Uniform between plus and minus this many standard deviations. */
  | { readonly kind: 'uniform'; readonly halfWidth: number }

/** The stage in front of the classifier. */
export type Front =
  | { readonly kind: 'none' }
  /** A diffusion model that estimates the clean image in one step. */
  | { readonly kind: 'one-shot'; readonly network: Denoiser; readonly level: NoiseLevel }
  /** A network from noisy to clean images, whatever the noise level. */
  | { readonly kind: 'image'; readonly network: ImageDenoiser }
  /** The first layer of the classifier, with noise added to its output. */
  | {
      readonly kind: 'first-layer'
      /** The whole classifier that contains the layer. */
      readonly network: Classifier
      /** The rest of the classifier, after the noise. */
      readonly rest: Classifier
      /** The layer's name in its library. */
      readonly layer: string
      /** [C, H, W] of images. */
      readonly imageShape: readonly number[]
      /** Largest movement of features per unit of movement of an image in [-1, 1]; null: that of the current weights. */
      readonly sensitivity: number | null
    }

/**
 * Makes the smoothing of a noise level.
 *
 * @param denoiser - null for noisy images without denoising
 * @param sigma - standard deviation for pixels in [0, 1]
 * @throws ConfigError if the denoiser's schedule does not reach 2σ
 */
export function smoothingOf(
  denoiser: AnyDenoiser | null,
  sigma: number,
  { autocast = 'none' }: { readonly autocast?: Autocast } = {},
): Smoothing {
  if (denoiser === null || denoiser instanceof ImageDenoiser) {
    // σ is for pixels in [0, 1], and images are in [-1, 1].
    const scales = { image: 1, noise: 2 * sigma }
    const front: Front = denoiser === null ? { kind: 'none' } : { kind: 'image', network: denoiser }
    return { sigma, realisedSigma: sigma, scales, front, autocast }
  }
  const level = noiseLevelOf(denoiser, sigma)
  return {
    sigma,
    realisedSigma: level.realisedSigma,
    scales: { image: level.sqrtAlphaCumprod, noise: level.sqrtOneMinusAlphaCumprod },
    front: { kind: 'one-shot', network: denoiser, level },
    autocast,
  }
}

/** Returns the denoiser of a smoothing; null without one. */
export function denoiserOf({ front }: Pick<Smoothing, 'front'>): AnyDenoiser | null {
  return front.kind === 'none' || front.kind === 'first-layer' ? null : front.network
}

/** Returns the noise level of the denoiser's timestep; null if no diffusion model receives one. */
export function levelOf({ front }: Pick<Smoothing, 'front'>): NoiseLevel | null {
  return front.kind === 'one-shot' ? front.level : null
}

/** Draws standard normal noise for M copies of each image of a batch. */
export function drawNoise(
  clean_BCHW: Tensor<'BCHW'>,
  { noises, generator }: { readonly noises: number; readonly generator: Generator },
): Tensor<'MBCHW'> {
  return randnCopies(clean_BCHW, { axis: 'M', count: noises, generator })
}

/** Like {@link drawNoise}, in the shape of the tensor that noise is added to. */
export function noiseFor(
  smoothing: Pick<Smoothing, 'front'>,
  clean_BCHW: Tensor<'BCHW'>,
  options: { readonly noises: number; readonly generator: Generator },
): Tensor<'MBCHW'> {
  return drawNoise(
    noGrad(clean_BCHW.session, () => carried(smoothing, clean_BCHW)),
    options,
  )
}

/**
 * Returns the tensor that noise is added to: images in [-1, 1], or features of the first layer, divided by its sensitivity so that they
 * move no more than images do.
 *
 * @param clean - images in [-1, 1]; the last axes are C, H and W
 */
export function carried<A extends Axes>({ front }: Pick<Smoothing, 'front'>, clean: Tensor<A>): Tensor<A> {
  if (front.kind !== 'first-layer') return clean
  const { network, sensitivity } = front
  return div(firstLayerFeatures(network, clean, { exact: sensitivity !== null }), sensitivityOf(front))
}

/** Returns x_t: clean images in [-1, 1], or their `carried` features, under standard normal noise, whose axes include theirs. */
export function noisy<A extends Axes, Clean extends Axes>(
  { scales, front = { kind: 'none' } }: Pick<Smoothing, 'scales'> & Partial<Pick<Smoothing, 'front'>>,
  clean: Tensor<Clean>,
  noise: Tensor<A>,
): Tensor<A> {
  return add(mul(noise, scales.noise), mul(carried({ front }, clean), scales.image))
}

/** Returns the classifier for inputs from {@link seen}. */
export function classifierOf({ front }: Pick<Smoothing, 'front'>, classifier: Classifier): Classifier {
  return front.kind === 'first-layer' ? front.rest : classifier
}

function sensitivityOf({
  network,
  imageShape,
  sensitivity,
}: Extract<Front, { kind: 'first-layer' }>): number | Tensor<''> {
  return sensitivity ?? firstLayerSensitivity(network, { imageShape })
}

/**
 * Returns the classifier's input for noisy images.
 *
 * @param options - `live`: whether gradients flow through the front, as an attack on the images needs. Default false.
 */
export function seen(
  { front, autocast }: Pick<Smoothing, 'front' | 'autocast'>,
  noisy_NCHW: Tensor<'NCHW'>,
  { live }: { readonly live?: boolean | undefined } = {},
): Tensor<'NCHW'> {
  if (front.kind === 'none') return noisy_NCHW
  if (front.kind === 'first-layer') return mul(noisy_NCHW, sensitivityOf(front))
  return autocasting(noisy_NCHW.session, autocast, () => {
    if (front.kind === 'one-shot') return denoise(front.network, noisy_NCHW, front.level, { live })
    const clean = () => front.network.clean(noisy_NCHW)
    return live === true ? clean() : noGrad(noisy_NCHW.session, clean)
  })
}

/** Returns the classifier's input for M noisy copies of each clean image, noise-major: image b under noise m is at [m][b]. */
export function seenCopies(
  smoothing: Smoothing,
  clean_BCHW: Tensor<'BCHW'>,
  {
    noise_MBCHW,
    noises,
    live,
  }: {
    readonly noise_MBCHW: Tensor<'MBCHW'>
    readonly noises: number
    /** See {@link seen}. */
    readonly live?: boolean | undefined
  },
): Tensor<'MBCHW'> {
  return clean_BCHW.session.scope(() => {
    const noisy_NCHW = flatten(noisy(smoothing, clean_BCHW, noise_MBCHW), 'MB', 'N')
    return unflatten(seen(smoothing, noisy_NCHW, { live }), 'N', { as: 'MB', count: noises })
  })
}
