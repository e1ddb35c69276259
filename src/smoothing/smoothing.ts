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
 * How images reach a smoothed classifier: the noise, and what stands between it and the classifier. Training, evaluation,
 * pictures, certification and prediction share it. It is data and handles, because recorded programs take nothing else.
 */
export interface Smoothing {
  /** σ of the settings: standard deviation of the noise for pixels in [0, 1]. */
  readonly sigma: number
  /** σ of the noise that is drawn. With a denoiser that of its timestep, which is at least `sigma`. */
  readonly realisedSigma: number
  /** x_t = image · x + noise · n, for images in [-1, 1] and n ~ N(0, I). */
  readonly scales: { readonly image: number; readonly noise: number }
  readonly front: Front
  /** Number type that the front computes in where torch knows that to be safe. */
  readonly autocast: Autocast
  /** Default: Gaussian. */
  readonly noise?: Noise
}

/** The noise that certification and prediction draw. */
export type Noise =
  | { readonly kind: 'gaussian' }
  /** Gaussian, rounded to whole steps of which `steps` are between 0 and 1, on images that are so rounded. */
  | { readonly kind: 'discrete-gaussian'; readonly table: StepNoise; readonly steps: number }
  /** Laplace noise of this many standard deviations as its scale. */
  | { readonly kind: 'laplace'; readonly scale: number }
  /** Uniform between plus and minus this many standard deviations. */
  | { readonly kind: 'uniform'; readonly halfWidth: number }

/** What stands before the classifier. */
export type Front =
  | { readonly kind: 'none' }
  /** A diffusion model that estimates the clean image in one step. */
  | { readonly kind: 'one-shot'; readonly network: Denoiser; readonly level: NoiseLevel }
  /** A network that makes a clean image of a noisy one, whatever the noise level. */
  | { readonly kind: 'image'; readonly network: ImageDenoiser }
  /** The first layer of the classifier, which noise is added after. */
  | {
      readonly kind: 'first-layer'
      /** The whole classifier, whose first layer it is. */
      readonly network: Classifier
      /** The rest of it, which takes what is seen. */
      readonly rest: Classifier
      /** The layer, as its library names it. */
      readonly layer: string
      /** [C, H, W] of images. */
      readonly imageShape: readonly number[]
      /** How far features move at most for each unit that an image in [-1, 1] moves; null: that of today's weights. */
      readonly sensitivity: number | null
    }

/**
 * The smoothing of a noise level.
 *
 * @param denoiser - null for noisy images as they are
 * @param sigma - standard deviation for pixels in [0, 1]
 * @throws ConfigError where the schedule of the denoiser does not reach 2σ
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

/** The denoiser of a smoothing; null where there is none. */
export function denoiserOf({ front }: Pick<Smoothing, 'front'>): AnyDenoiser | null {
  return front.kind === 'none' || front.kind === 'first-layer' ? null : front.network
}

/** The noise level of the denoiser's timestep; null where no diffusion model is told one. */
export function levelOf({ front }: Pick<Smoothing, 'front'>): NoiseLevel | null {
  return front.kind === 'one-shot' ? front.level : null
}

/** Standard normal noise for M copies of each image of a batch. */
export function drawNoise(
  clean_BCHW: Tensor<'BCHW'>,
  { noises, generator }: { readonly noises: number; readonly generator: Generator },
): Tensor<'MBCHW'> {
  return randnCopies(clean_BCHW, { axis: 'M', count: noises, generator })
}

/** As {@link drawNoise}, in the shape of what noise is added to. */
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
 * What noise is added to: images in [-1, 1], or features of the first layer. These are divided by its sensitivity, so that they move
 * no more than images do.
 *
 * @param clean - images in [-1, 1]; the last axes are C, H and W
 */
export function carried<A extends Axes>({ front }: Pick<Smoothing, 'front'>, clean: Tensor<A>): Tensor<A> {
  if (front.kind !== 'first-layer') return clean
  const { network, sensitivity } = front
  return div(firstLayerFeatures(network, clean, { exact: sensitivity !== null }), sensitivityOf(front))
}

/** x_t: clean images in [-1, 1], or what is `carried` of them, under standard normal noise, whose axes hold theirs. */
export function noisy<A extends Axes, Clean extends Axes>(
  { scales, front = { kind: 'none' } }: Pick<Smoothing, 'scales'> & Partial<Pick<Smoothing, 'front'>>,
  clean: Tensor<Clean>,
  noise: Tensor<A>,
): Tensor<A> {
  return add(mul(noise, scales.noise), mul(carried({ front }, clean), scales.image))
}

/** The classifier that takes what is {@link seen}. */
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
 * What the classifier sees of noisy images.
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

/** What the classifier sees of M noisy copies of each clean image, noise-major: image b under noise m sits at [m][b]. */
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
    /** As in {@link seen}. */
    readonly live?: boolean | undefined
  },
): Tensor<'MBCHW'> {
  return clean_BCHW.session.scope(() => {
    const noisy_NCHW = flatten(noisy(smoothing, clean_BCHW, noise_MBCHW), 'MB', 'N')
    return unflatten(seen(smoothing, noisy_NCHW, { live }), 'N', { as: 'MB', count: noises })
  })
}
