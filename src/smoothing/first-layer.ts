import type { Session } from '../bridge'
import type { SmoothingConfig } from '../config/schema'
import { ConfigError } from '../errors'
import {
  type AnyDenoiser,
  type Classifier,
  type Dataset,
  findFirstLayer,
  firstLayerSensitivity,
  restOf,
  select,
  type Tensor,
} from '../torch'
import { toSymmetric } from './denoise'
import { type Front, type Smoothing, smoothingOf } from './smoothing'

/** Noise after the first layer of the classifier, as in PixelDP. */
export type FirstLayerFront = Extract<Front, { readonly kind: 'first-layer' }>

/** Digits of a fixed sensitivity. It is rounded up by more than the rounding errors of float64. */
const DIGITS = 9

/**
 * Makes the smoothing with noise after the first layer of a classifier. Features are divided by the layer's sensitivity, so they move no
 * more than images in [-1, 1], and σ means the same as on an image.
 *
 * @param options - `sensitivity`: `fixed` for weights that do not change; `live` during training: recomputed whenever noise is added
 * @throws ConfigError if the classifier does not start with a convolution
 */
export async function firstLayerSmoothing(
  session: Session,
  classifier: Classifier,
  {
    sigma,
    imageShape,
    example,
    sensitivity,
  }: ImageKind & { readonly sigma: number; readonly sensitivity: 'fixed' | 'live' },
): Promise<Smoothing & { readonly front: FirstLayerFront }> {
  const { layer } = await session.compute(() => ({
    layer: findFirstLayer(classifier, toSymmetric(example())),
  }))
  const live: FirstLayerFront = {
    ...{
      kind: 'first-layer',
      network: classifier,
      rest: restOf(classifier, { imageShape }),
      layer,
      imageShape,
    },
    sensitivity: null,
  }
  const fixed = await measured(live)
  const front = sensitivity === 'live' ? live : fixed
  // σ is for pixels in [0, 1], and images are in [-1, 1].
  return {
    ...{ sigma, realisedSigma: sigma, scales: { image: 1, noise: 2 * sigma } },
    ...{ front, autocast: 'none' },
  }
}

/** Returns a smoothing for weights that no longer change: the sensitivity of the first layer, if noise follows it, is a number. */
export async function withFixedSensitivity(smoothing: Smoothing): Promise<Smoothing> {
  const { front } = smoothing
  if (front.kind !== 'first-layer' || front.sensitivity !== null) return smoothing
  return { ...smoothing, front: await measured(front) }
}

async function measured(front: FirstLayerFront): Promise<FirstLayerFront> {
  const { network, imageShape, layer } = front
  const { now } = await network.session.compute(() => ({
    now: firstLayerSensitivity(network, { imageShape }),
  }))
  if (now > 0 && Number.isFinite(now)) return { ...front, sensitivity: roundedUp(now) }
  throw new ConfigError(
    `The first layer "${layer}" of the classifier has a sensitivity of ${now}, expected one above 0.`,
    { remedy: 'Take a network whose first layer is not 0.' },
  )
}

function roundedUp(value: number): number {
  return Number((value * (1 + 10 ** (1 - DIGITS))).toPrecision(DIGITS))
}

/**
 * Makes the smoothing from settings, for networks that are not trained.
 *
 * @throws ConfigError as `smoothingOf` and {@link firstLayerSmoothing}
 */
export async function configuredSmoothing(
  { sigma, noiseAfter }: Pick<SmoothingConfig, 'sigma' | 'noiseAfter'>,
  {
    denoiser,
    classifier,
    images,
  }: {
    readonly denoiser: AnyDenoiser | null
    readonly classifier: Classifier
    readonly images: ImageKind
  },
): Promise<Smoothing> {
  if (noiseAfter === undefined) return smoothingOf(denoiser, sigma)
  return firstLayerSmoothing(classifier.session, classifier, { sigma, sensitivity: 'fixed', ...images })
}

/** The properties of images that a smoothing depends on. */
export interface ImageKind {
  /** [C, H, W]. */
  readonly imageShape: readonly number[]
  /** Records an example in [0, 1]. */
  readonly example: () => Tensor<'CHW'>
}

/** Returns the kind of a data set's images. */
export function imageKindOf(dataset: Pick<Dataset, 'images' | 'description'>): ImageKind {
  const { imageShape } = dataset.description
  return { imageShape, example: () => select(dataset.images([0]).images_BCHW, 'B', 0) }
}

/** Returns handles that a smoothing owns besides its input networks, to be freed. */
export function ownedBy({ front }: Pick<Smoothing, 'front'>): readonly Classifier[] {
  return front.kind === 'first-layer' ? [front.rest] : []
}

/** Throws for settings with noise after the first layer. */
export function requireNoiseOnImage(what: string, { noiseAfter }: Pick<SmoothingConfig, 'noiseAfter'>): void {
  if (noiseAfter === undefined) return
  throw new ConfigError(
    `${what} puts the noise on the image, got smoothing.noiseAfter ${noiseAfter}: the noise of this classifier stands after its first layer.`,
    { remedy: 'Certify, predict or attack it; or train one with the noise on the image.' },
  )
}
