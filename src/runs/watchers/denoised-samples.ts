import { toSymmetric } from '../../smoothing/denoise'
import {
  classifierOf,
  drawNoise,
  noiseFor,
  noisy,
  type Smoothing,
  seenCopies,
} from '../../smoothing/smoothing'
import {
  add,
  argmax,
  type Classifier,
  clamp,
  type Dataset,
  drawSamples,
  encodePng,
  eq,
  exp,
  flatten,
  generator,
  logSoftmax,
  max,
  mul,
  noGrad,
  select,
  uncompiled,
  unflatten,
} from '../../torch'

/** A clean image and its denoised images. PNG files are in base64. */
export interface DenoisedImage {
  /** Position in the data set. */
  readonly index: number
  readonly label: number
  readonly clean: string
  /** The image under the first noise, if noisy images are shown. */
  readonly noisy?: string
  readonly denoised: readonly string[]
}

/** The prediction of a classifier for one denoised image. */
export interface Verdict {
  readonly predicted: number
  /** Probability of the predicted class. */
  readonly confidence: number
}

/** A clean image and its denoised images under a classifier, as in the paper's Figures 1 to 4. */
export interface DenoisedSamples extends Omit<DenoisedImage, 'denoised'> {
  readonly denoised: readonly {
    readonly png: string
    /** The predicted class; absent without a classifier, like the following fields. */
    readonly predicted?: number
    /** Probability of that class. */
    readonly confidence?: number
    /** Whether the predicted class is the label: the image is not hallucinated (Eq. 7). */
    readonly kept?: boolean
  }[]
}

export interface SampleOptions {
  /** Positions of the images in the data set. */
  readonly indices: readonly number[]
  /** Denoised images per image. */
  readonly noises: number
  /** Together with the index, determines the noise of an image. */
  readonly seed: number
  /** Larger pictures are shrunk to this many pixels per side. Default: no limit. */
  readonly largest?: number
  /** Whether to show noisy images as well. Default false. */
  readonly showsNoisy?: boolean
}

/**
 * Returns pictures of images with their noisy and denoised versions, and the verdicts of classifiers on them. One round
 * trip; `noises` images go through the networks at once. Does not use random streams of training.
 *
 * @returns verdicts by classifier, then by image and noise
 */
export async function denoisedImages(
  { classifiers, smoothing }: { readonly classifiers: readonly Classifier[]; readonly smoothing: Smoothing },
  dataset: Dataset,
  options: SampleOptions,
): Promise<{
  readonly images: readonly DenoisedImage[]
  readonly verdicts: readonly (readonly (readonly Verdict[])[])[]
}> {
  const { session } = dataset
  const read = await session.compute(() =>
    options.indices.map(index =>
      session.scope(() => recordImage({ classifiers, smoothing }, dataset, { ...options, index }).read),
    ),
  )
  return {
    images: read.map((found, image) => imageOf(found, options.indices[image] ?? -1)),
    verdicts: classifiers.map((_, classifier) =>
      read.map(({ verdicts }) => verdictsOf(verdicts[classifier] ?? { predicted: [], confidence: [] })),
    ),
  }
}

/**
 * Like {@link denoisedImages} for one classifier, and all pictures in one drawing: a PNG file in base64, one row per
 * image, with kept ones in a green frame and hallucinated ones in a dashed red one.
 *
 * @param options - `classifier`: null without one: no frames
 */
export async function denoisedSamples(
  { classifier, smoothing }: { readonly classifier: Classifier | null; readonly smoothing: Smoothing },
  dataset: Dataset,
  options: SampleOptions,
): Promise<{ readonly samples: readonly DenoisedSamples[]; readonly drawing: string }> {
  const { session } = dataset
  const classifiers = classifier === null ? [] : [classifier]
  const { read, drawing } = await session.compute(() => {
    const recorded = options.indices.map(index =>
      session.scope(() => recordImage({ classifiers, smoothing }, dataset, { ...options, index })),
    )
    return {
      read: recorded.map(image => image.read),
      drawing: drawSamples(
        session,
        recorded.map(({ clean_BCHW, noisy_BCHW, denoised_MBCHW, kept: [kept_MB] }) => ({
          ...{ clean_BCHW, noisy_BCHW, denoised_MBCHW, kept_MB },
        })),
      ),
    }
  })
  const samples = read.map((found, place) => {
    const image = imageOf(found, options.indices[place] ?? -1)
    if (classifier !== null) return samplesOf(image, found.verdicts.flatMap(verdictsOf))
    return { ...image, denoised: image.denoised.map(png => ({ png })) }
  })
  return { samples, drawing }
}

/** Returns an image with the verdicts of one classifier, one per noise. */
export function samplesOf(image: DenoisedImage, verdicts: readonly Verdict[]): DenoisedSamples {
  return {
    ...image,
    denoised: verdicts.map(({ predicted, confidence }, noise) => ({
      png: image.denoised[noise] ?? '',
      predicted,
      confidence,
      kept: predicted === image.label,
    })),
  }
}

interface SampledNetworks {
  readonly classifiers: readonly Classifier[]
  readonly smoothing: Smoothing
}

/** Records the samples of one image, uncompiled: compiling would take longer than its few copies. */
function recordImage(
  networks: SampledNetworks,
  dataset: Dataset,
  options: Omit<SampleOptions, 'indices'> & { readonly index: number },
) {
  return uncompiled(dataset.session, () => recordUncompiled(networks, dataset, options))
}

function recordUncompiled(
  { classifiers, smoothing }: SampledNetworks,
  dataset: Dataset,
  {
    index,
    noises,
    seed,
    largest,
    showsNoisy = false,
  }: Omit<SampleOptions, 'indices'> & { readonly index: number },
) {
  const { session } = dataset
  const { images_BCHW, labels_B } = dataset.images([index])
  const clean_BCHW = toSymmetric(images_BCHW)
  const noise = () => generator(session, seed, 'samples', index)
  const noise_MBCHW = drawNoise(clean_BCHW, { noises, generator: noise() })
  const isOfFeatures = smoothing.front.kind === 'first-layer'
  const drawn_MBCHW = isOfFeatures
    ? noiseFor(smoothing, clean_BCHW, { noises, generator: noise() })
    : noise_MBCHW
  const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW: drawn_MBCHW, noises })
  // Features cannot be displayed: the pictures show images, and the verdicts are for their noisy features.
  const denoised_MBCHW = isOfFeatures
    ? noisy({ scales: { image: 1, noise: 0 } }, clean_BCHW, noise_MBCHW)
    : seen_MBCHW
  // The image without a denoiser: clean pixels with noise of σ, clipped at black and white.
  const noisy_BCHW = showsNoisy
    ? clamp(add(clean_BCHW, mul(select(noise_MBCHW, 'M', 0), 2 * smoothing.realisedSigma)), -1, 1)
    : undefined
  const denoised_NCHW = flatten(denoised_MBCHW, 'MB', 'N')
  const verdicts = classifiers.map(classifier =>
    noGrad(session, () => {
      const logits_NK = classifierOf(smoothing, classifier).classify(flatten(seen_MBCHW, 'MB', 'N'))
      return { predicted: argmax(logits_NK, 'K'), confidence: exp(max(logSoftmax(logits_NK, 'K'), 'K')) }
    }),
  )
  return {
    read: {
      label: labels_B,
      clean: encodePng(flatten(clean_BCHW, 'B', 'N'), { largest }),
      noisy: noisy_BCHW === undefined ? [] : [encodePng(flatten(noisy_BCHW, 'B', 'N'), { largest })],
      denoised: encodePng(denoised_NCHW, { largest }),
      verdicts,
    },
    clean_BCHW,
    noisy_BCHW,
    denoised_MBCHW,
    /** By classifier. */
    kept: verdicts.map(({ predicted }) =>
      eq(unflatten(predicted, 'N', { as: 'MB', count: noises }), labels_B),
    ),
  }
}

function imageOf(
  {
    label,
    clean,
    noisy,
    denoised,
  }: {
    readonly label: readonly number[]
    readonly clean: readonly string[]
    readonly noisy: readonly (readonly string[])[]
    readonly denoised: readonly string[]
  },
  index: number,
): DenoisedImage {
  const [under] = noisy.flat()
  return {
    ...{ index, label: label[0] ?? -1, clean: clean[0] ?? '' },
    ...(under !== undefined && { noisy: under }),
    denoised,
  }
}

function verdictsOf({
  predicted,
  confidence,
}: {
  readonly predicted: readonly number[]
  readonly confidence: readonly number[]
}): Verdict[] {
  return predicted.map((label, noise) => ({ predicted: label, confidence: confidence[noise] ?? Number.NaN }))
}
