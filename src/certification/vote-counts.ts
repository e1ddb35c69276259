import { denoise } from '../method/noise-and-denoise'
import type { NoiseLevel } from '../method/noise-level'
import {
  add,
  argmax,
  bincount,
  type Classifier,
  type Denoiser,
  generator,
  mul,
  noGrad,
  noiseBlocks,
  type Tensor,
} from '../torch'

/** Smoothed classifiers: one denoiser, one noise level, and base classifiers that share both. */
export interface Smoothing {
  readonly denoiser: Denoiser
  readonly level: NoiseLevel
  /** All vote on the same denoised images, which makes their comparison a paired one. */
  readonly classifiers: readonly Classifier[]
}

export interface VoteOptions {
  /** How many noisy copies vote. */
  readonly n: number
  /** Noisy copies in one pass. It decides memory and speed, and no vote: the noise is the same for every batch size. */
  readonly batch: number
  /** K. */
  readonly classes: number
  /** The name of the noise stream; two votes share noise exactly where their names are equal. */
  readonly stream: readonly (string | number)[]
}

/** Draws are made in blocks of this many, so that the noise of a draw does not depend on the batch that it is used in. */
const BLOCK = 16

/**
 * Records n votes of each base classifier on noisy, denoised copies of one image, and returns names for the counts, in
 * the order of the classifiers. They are summed on the device.
 *
 * @param image_CHW - one image in [-1, 1]
 */
export function recordVotes(
  { denoiser, level, classifiers }: Smoothing,
  image_CHW: Tensor<'CHW'>,
  { n, batch, classes, stream }: VoteOptions,
): readonly Tensor<'K'>[] {
  const { session } = image_CHW
  const perPass = Math.max(BLOCK, Math.floor(batch / BLOCK) * BLOCK)
  return session.scope(() => {
    const noise = generator(session, ...stream)
    const scaled_CHW = mul(image_CHW, level.sqrtAlphaCumprod)
    let counts: readonly Tensor<'K'>[] = []
    for (let drawn = 0; drawn < n; drawn += perPass) {
      const count = Math.min(perPass, n - drawn)
      counts = session.scope(() => {
        const noise_NCHW = noiseBlocks(image_CHW, { axis: 'N', count, block: BLOCK, generator: noise })
        const noisy_NCHW = add(mul(noise_NCHW, level.sqrtOneMinusAlphaCumprod), scaled_CHW)
        const denoised_NCHW = denoise(denoiser, noisy_NCHW, level)
        return classifiers.map((classifier, index) => {
          const votes_N = noGrad(session, () => argmax(classifier.classify(denoised_NCHW), 'K'))
          const votes_K = bincount(votes_N, { classes })
          const earlier_K = counts[index]
          return earlier_K === undefined ? votes_K : add(votes_K, earlier_K)
        })
      })
    }
    return counts
  })
}
