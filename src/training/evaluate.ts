import { noiseAndDenoise } from '../method/noise-and-denoise'
import type { NoiseLevel } from '../method/noise-level'
import { toSymmetric } from '../method/objective'
import {
  argmax,
  type Classifier,
  type Dataset,
  type Denoiser,
  eq,
  flatten,
  generator,
  noGrad,
  sum,
  to,
} from '../torch'

export interface Accuracy {
  /** Share of clean images that the base classifier gets right. */
  readonly clean: number
  /** Share of denoised images, one for each clean one, that it gets right. */
  readonly denoised: number
}

export interface EvaluateOptions {
  readonly level: NoiseLevel
  /** Which images of the data set. Default: all. */
  readonly indices?: readonly number[]
  /** Images in one pass. */
  readonly batch: number
  readonly seed: number
}

/** Accuracy of a base classifier on clean images and behind the denoiser, without votes. One answer a pass. */
export async function evaluate(
  { classifier, denoiser }: { classifier: Classifier; denoiser: Denoiser },
  dataset: Dataset,
  {
    level,
    batch,
    seed,
    indices = Array.from({ length: dataset.description.length }, (_, i) => i),
  }: EvaluateOptions,
): Promise<Accuracy> {
  const { session } = classifier
  let clean = 0
  let denoised = 0
  for (let start = 0; start < indices.length; start += batch) {
    const hits = await session.compute(() => {
      const { images_BCHW, labels_B } = dataset.images(indices.slice(start, start + batch))
      const clean_BCHW = toSymmetric(images_BCHW)
      const noise = generator(session, seed, 'evaluate', start)
      const denoised_MBCHW = noiseAndDenoise(denoiser, clean_BCHW, { level, noises: 1, generator: noise })
      return noGrad(session, () => {
        const right = (images_NCHW: Parameters<Classifier['classify']>[0]) =>
          sum(to(eq(argmax(classifier.classify(images_NCHW), 'K'), flatten(labels_B, 'B', 'N')), 'float32'))
        return {
          clean: right(flatten(clean_BCHW, 'B', 'N')),
          denoised: right(flatten(denoised_MBCHW, 'MB', 'N')),
        }
      })
    })
    clean += hits.clean
    denoised += hits.denoised
  }
  return { clean: clean / indices.length, denoised: denoised / indices.length }
}
