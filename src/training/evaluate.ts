import type { Accuracy } from '../runs/reports'
import { noiseAndDenoise, toSymmetric } from '../smoothing/noise-and-denoise'
import type { NoiseLevel } from '../smoothing/noise-level'
import {
  argmax,
  type Classifier,
  type Dataset,
  type Denoiser,
  eq,
  flatten,
  generator,
  noGrad,
  type ProcessGroup,
  soleProcess,
  sum,
  to,
} from '../torch'

export interface EvaluateOptions {
  readonly level: NoiseLevel
  /** Which images of the data set. Default: all. */
  readonly indices?: readonly number[]
  /** Images in one pass. */
  readonly batch: number
  readonly seed: number
  /** Processes that share the images. Default: this one alone. */
  readonly group?: ProcessGroup
  /** Asked between passes; a yes ends the evaluation. */
  readonly isStopped?: () => boolean
}

/**
 * Accuracy of a base classifier on clean images and behind the denoiser, without votes. One answer a pass.
 *
 * @returns null if it was stopped
 */
export async function evaluate(
  { classifier, denoiser }: { classifier: Classifier; denoiser: Denoiser },
  dataset: Dataset,
  {
    level,
    batch,
    seed,
    indices = Array.from({ length: dataset.description.length }, (_, i) => i),
    group = soleProcess(),
    isStopped,
  }: EvaluateOptions,
): Promise<Accuracy | null> {
  const { session } = classifier
  let clean = 0
  let denoised = 0
  for (let start = group.rank * batch; start < indices.length; start += batch * group.worldSize) {
    if (isStopped?.() === true) return null
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
  const hits = await group.gather({ clean, denoised })
  const share = (name: keyof Accuracy) => hits.reduce((total, part) => total + part[name], 0) / indices.length
  return { clean: share('clean'), denoised: share('denoised') }
}
