import type { Accuracy } from '../runs/reports'
import { toSymmetric } from '../smoothing/denoise'
import { drawNoise, type Smoothing, seenCopies } from '../smoothing/smoothing'
import {
  argmax,
  type Classifier,
  type Dataset,
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
  { classifier, smoothing }: { classifier: Classifier; smoothing: Smoothing },
  dataset: Dataset,
  {
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
      const noise_MBCHW = drawNoise(clean_BCHW, { noises: 1, generator: noise })
      const seen_MBCHW = seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises: 1 })
      return noGrad(session, () => {
        const right = (images_NCHW: Parameters<Classifier['classify']>[0]) =>
          sum(to(eq(argmax(classifier.classify(images_NCHW), 'K'), flatten(labels_B, 'B', 'N')), 'float32'))
        return {
          clean: right(flatten(clean_BCHW, 'B', 'N')),
          denoised: right(flatten(seen_MBCHW, 'MB', 'N')),
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
