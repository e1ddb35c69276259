import { CheckpointError } from '../errors'
import { denoise } from '../smoothing/denoise'
import type { Smoothing } from '../smoothing/smoothing'
import {
  add,
  argmax,
  autocasting,
  bincount,
  eq,
  type Generator,
  generator,
  max,
  mul,
  noGrad,
  noiseBlocks,
  slice,
  type Tensor,
  where,
} from '../torch'

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
 * Records n votes of each base classifier on noisy copies of one image, and returns names for the counts, in the order
 * of the classifiers. They are summed on the device. A copy whose logits hold a NaN votes for no class: what is read is to
 * pass {@link requireVotes}.
 *
 * @param image_CHW - one image in [-1, 1]
 */
export function recordVotes(
  smoothing: Smoothing,
  image_CHW: Tensor<'CHW'>,
  { n, batch, classes, stream }: VoteOptions,
): readonly Tensor<'K'>[] {
  const { session } = image_CHW
  const perDraw = Math.max(BLOCK, Math.floor(batch / BLOCK) * BLOCK)
  return session.scope(() => {
    const noise = generator(session, ...stream)
    const drawCopies = copiesOf(image_CHW, smoothing)
    let counts: readonly Tensor<'K'>[] = []
    for (let drawn = 0; drawn < n; drawn += perDraw) {
      const count = Math.min(perDraw, n - drawn)
      counts = session.scope(() => {
        const noisy_NCHW = drawCopies(count, noise)
        return parts(noisy_NCHW, { count, batch }).reduce(
          (sums, part_NCHW) => addVotes(sums, voteOn(smoothing, part_NCHW, classes)),
          counts,
        )
      })
    }
    return counts
  })
}

/** What records so many noisy copies of an image. */
function copiesOf(
  image_CHW: Tensor<'CHW'>,
  { denoiser, level }: Smoothing,
): (count: number, noise: Generator) => Tensor<'NCHW'> {
  const scales =
    denoiser === null
      ? { image: 1, noise: 2 * level.sigma }
      : { image: level.sqrtAlphaCumprod, noise: level.sqrtOneMinusAlphaCumprod }
  const scaled_CHW = mul(image_CHW, scales.image)
  return (count, noise) => {
    const noise_NCHW = noiseBlocks(image_CHW, { axis: 'N', count, block: BLOCK, generator: noise })
    return add(mul(noise_NCHW, scales.noise), scaled_CHW)
  }
}

/** The copies in pieces that fit into one pass: a batch may be smaller than a block. */
function parts(
  noisy_NCHW: Tensor<'NCHW'>,
  { count, batch }: { count: number; batch: number },
): readonly Tensor<'NCHW'>[] {
  if (batch >= BLOCK) return [noisy_NCHW]
  return Array.from({ length: Math.ceil(count / batch) }, (_, part) =>
    slice(noisy_NCHW, 'N', { start: part * batch, end: Math.min(count, (part + 1) * batch) }),
  )
}

function voteOn(smoothing: Smoothing, noisy_NCHW: Tensor<'NCHW'>, classes: number): readonly Tensor<'K'>[] {
  const { session } = noisy_NCHW
  const { denoiser, level, classifiers, autocast = 'none' } = smoothing
  const seen_NCHW =
    denoiser === null
      ? noisy_NCHW
      : autocasting(session, autocast, () => denoise(denoiser, noisy_NCHW, level))
  return classifiers.map(classifier =>
    bincount(
      noGrad(session, () => leadingClass_N(classifier.classify(seen_NCHW))),
      { classes },
    ),
  )
}

/** The class with the largest logit, the first of equals; -1 where a logit is NaN, which `argmax` takes for the largest. */
function leadingClass_N(logits_NK: Tensor<'NK'>): Tensor<'N'> {
  const largest_N = max(logits_NK, 'K')
  return where(eq(largest_N, largest_N), argmax(logits_NK, 'K'), -1)
}

/**
 * A certificate counts every noisy copy: none may be left out because the networks failed on it.
 *
 * @param counts - votes per class of n noisy copies
 * @throws CheckpointError if some of them voted for no class
 */
export function requireVotes(counts: readonly number[], n: number): void {
  const votes = counts.reduce((sum, count) => sum + count, 0)
  if (votes === n) return
  throw new CheckpointError(
    `The logits of the classifier are NaN for ${n - votes} of ${n} noisy copies of an image, which have no class.`,
    { remedy: 'Look for weights that are not finite, or compute in a wider number type.' },
  )
}

function addVotes(sums: readonly Tensor<'K'>[], votes: readonly Tensor<'K'>[]): readonly Tensor<'K'>[] {
  return votes.map((votes_K, index) => {
    const sum_K = sums[index]
    return sum_K === undefined ? votes_K : add(votes_K, sum_K)
  })
}
