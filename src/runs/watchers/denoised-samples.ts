import { toSymmetric } from '../../smoothing/denoise'
import { drawNoise, type Smoothing, seenCopies } from '../../smoothing/smoothing'
import {
  argmax,
  type Classifier,
  type Dataset,
  drawSamples,
  encodePng,
  eq,
  flatten,
  generator,
  noGrad,
  unflatten,
} from '../../torch'

/** A clean image and denoised images of it, as in the paper's Figures 1 to 4. PNG files are in base64. */
export interface DenoisedSamples {
  /** Position in the data set. */
  readonly index: number
  readonly label: number
  readonly clean: string
  readonly denoised: readonly {
    readonly png: string
    /** What the classifier sees in it. */
    readonly predicted: number
    /** Whether that is the label: the image is not hallucinated (Eq. 7). */
    readonly kept: boolean
  }[]
}

export interface SampleOptions {
  /** Which images of the data set. */
  readonly indices: readonly number[]
  /** Denoised images of each. */
  readonly noises: number
  /** The noise of an image depends on this, on its index and on nothing else. */
  readonly seed: number
  /** Larger pictures are shrunk to so many pixels a side. Default: none are. */
  readonly largest?: number
}

/**
 * Pictures of images of a data set and of what noise and denoiser make of them, with a classifier's verdict, and all of
 * them in one drawing: a PNG file in base64, a row an image, kept ones in a green frame and hallucinated ones in a dashed
 * red one. One answer; `noises` images go through the networks at once. No random stream of training is touched.
 */
export async function denoisedSamples(
  { classifier, smoothing }: { classifier: Classifier; smoothing: Smoothing },
  dataset: Dataset,
  { indices, noises, seed, largest }: SampleOptions,
): Promise<{ readonly samples: readonly DenoisedSamples[]; readonly drawing: string }> {
  const { session } = classifier
  const { images, drawing } = await session.compute(() => {
    const recorded = indices.map(index =>
      session.scope(() => {
        const { images_BCHW, labels_B } = dataset.images([index])
        const clean_BCHW = toSymmetric(images_BCHW)
        const noise = generator(session, seed, 'samples', index)
        const noise_MBCHW = drawNoise(clean_BCHW, { noises, generator: noise })
        const denoised_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises })
        const denoised_NCHW = flatten(denoised_MBCHW, 'MB', 'N')
        const seen_N = noGrad(session, () => argmax(classifier.classify(denoised_NCHW), 'K'))
        const predicted_MB = unflatten(seen_N, 'N', { as: 'MB', count: noises })
        return {
          read: {
            label: labels_B,
            clean: encodePng(flatten(clean_BCHW, 'B', 'N'), { largest }),
            denoised: encodePng(denoised_NCHW, { largest }),
            predicted: predicted_MB,
          },
          drawn: { clean_BCHW, denoised_MBCHW, kept_MB: eq(predicted_MB, labels_B) },
        }
      }),
    )
    return {
      images: recorded.map(({ read }) => read),
      drawing: drawSamples(
        session,
        recorded.map(({ drawn }) => drawn),
      ),
    }
  })
  const samples = images.map(({ label, clean, denoised, predicted }, image) => ({
    index: indices[image] ?? -1,
    label: label[0] ?? -1,
    clean: clean[0] ?? '',
    denoised: predicted.map(([seen = -1], noise) => ({
      png: denoised[noise] ?? '',
      predicted: seen,
      kept: seen === label[0],
    })),
  }))
  return { samples, drawing }
}
