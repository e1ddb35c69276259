import { noiseAndDenoise } from '../method/noise-and-denoise'
import type { NoiseLevel } from '../method/noise-level'
import { toSymmetric } from '../method/objective'
import {
  argmax,
  type Classifier,
  type Dataset,
  type Denoiser,
  encodePng,
  flatten,
  generator,
  noGrad,
  unflatten,
} from '../torch'

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

/** Pictures of images of a data set and of what noise and denoiser make of them, with a classifier's verdict. */
export async function denoisedSamples(
  { classifier, denoiser }: { classifier: Classifier; denoiser: Denoiser },
  dataset: Dataset,
  {
    indices,
    level,
    noises,
    seed,
  }: { indices: readonly number[]; level: NoiseLevel; noises: number; seed: number },
): Promise<DenoisedSamples[]> {
  const { session } = classifier
  const { clean, denoised, labels, predicted } = await session.compute(() => {
    const { images_BCHW, labels_B } = dataset.images(indices)
    const clean_BCHW = toSymmetric(images_BCHW)
    const noise = generator(session, seed, 'samples')
    const denoised_MBCHW = noiseAndDenoise(denoiser, clean_BCHW, { level, noises, generator: noise })
    const denoised_NCHW = flatten(denoised_MBCHW, 'MB', 'N')
    const predicted_N = noGrad(session, () => argmax(classifier.classify(denoised_NCHW), 'K'))
    return {
      clean: encodePng(flatten(clean_BCHW, 'B', 'N')),
      denoised: encodePng(denoised_NCHW),
      labels: labels_B,
      predicted: unflatten(predicted_N, 'N', { as: 'MB', count: noises }),
    }
  })
  return indices.map((index, image) => {
    const label = labels[image] ?? -1
    return {
      index,
      label,
      clean: clean[image] ?? '',
      denoised: predicted.map((row, noise) => ({
        png: denoised[noise * indices.length + image] ?? '',
        predicted: row[image] ?? -1,
        kept: row[image] === label,
      })),
    }
  })
}
