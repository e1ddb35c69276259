import type { Read } from '../bridge'
import type { Smoothing } from '../smoothing/smoothing'
import type { Tensor } from '../torch'
import { type Certificate, certifyFromCounts, type Prediction, predictFromCounts } from './statistics'
import { recordVotes, requireVotes } from './vote-counts'

export interface CertifyImageOptions {
  /** Noise level that is certified for, on the [0, 1] pixel scale. */
  readonly sigma: number
  /** Noisy copies that pick the class. */
  readonly n0: number
  /** Fresh noisy copies that bound its probability. */
  readonly n: number
  /** Probability of a wrong certificate, at most. */
  readonly alpha: number
  /** Noisy copies in one pass. */
  readonly batch: number
  /** K. */
  readonly classes: number
  /** Together with `index`, the name of the noise streams. */
  readonly seed: number
  /** Position of the image in its data set. */
  readonly index: number
}

/** Votes of each base classifier in the two stages of CERTIFY, whose noise is independent. */
export interface StageVotes {
  readonly selection: readonly Tensor<'K'>[]
  readonly estimation: readonly Tensor<'K'>[]
}

/** Records both stages of CERTIFY on one image in [-1, 1]. */
export function recordStages(
  smoothing: Smoothing,
  image_CHW: Tensor<'CHW'>,
  {
    n0,
    n,
    batch,
    classes,
    stream,
  }: Pick<CertifyImageOptions, 'n0' | 'n' | 'batch' | 'classes'> & {
    /** The name of the image among noise streams. */
    readonly stream: readonly (string | number)[]
  },
): StageVotes {
  const votes = (stage: string, count: number) =>
    recordVotes(smoothing, image_CHW, { n: count, batch, classes, stream: [...stream, stage] })
  return { selection: votes('selection', n0), estimation: votes('estimation', n) }
}

/**
 * The certificate of each base classifier from its votes in both stages.
 *
 * @throws CheckpointError if a noisy copy voted for no class
 */
export function certifyStages(
  { selection, estimation }: Read<StageVotes>,
  { n0, n, alpha, sigma }: Pick<CertifyImageOptions, 'n0' | 'n' | 'alpha' | 'sigma'>,
): readonly Certificate[] {
  return estimation.map((counts, arm) => {
    const selected = selection[arm] ?? []
    requireVotes(selected, n0)
    requireVotes(counts, n)
    return certifyFromCounts(selected, counts, { alpha, sigma })
  })
}

/** The noise stream of an image of a data set. */
export function imageStream({ seed, index }: Pick<CertifyImageOptions, 'seed' | 'index'>) {
  return [seed, 'certify', index] as const
}

/**
 * CERTIFY (Cohen et al., 2019) for each base classifier: with probability at least 1 - α over the noise, either it
 * abstains or the smoothed classifier gives the certified class everywhere within the radius. One answer of Python.
 *
 * The noise depends on the seed, the index of the image and the stage alone: results do not depend on order, sharding
 * or resume, nor on the batch size but for rounding inside the networks.
 *
 * @param image_CHW - one image in [-1, 1]
 */
export async function certifyImage(
  smoothing: Smoothing,
  image_CHW: Tensor<'CHW'>,
  options: CertifyImageOptions,
): Promise<readonly Certificate[]> {
  const { selection, estimation } = await image_CHW.session.compute(() =>
    recordStages(smoothing, image_CHW, { ...options, stream: imageStream(options) }),
  )
  return certifyStages({ selection, estimation }, options)
}

/**
 * PREDICT (Cohen et al., 2019) for each base classifier: with probability at least 1 - α over the noise, it returns the
 * smoothed classifier's class, or abstains.
 *
 * @param image_CHW - one image in [-1, 1]
 */
export async function predictImage(
  smoothing: Smoothing,
  image_CHW: Tensor<'CHW'>,
  { n, alpha, batch, classes, seed, index }: Omit<CertifyImageOptions, 'sigma' | 'n0'>,
): Promise<readonly Prediction[]> {
  const counts = await image_CHW.session.compute(() =>
    recordVotes(smoothing, image_CHW, { n, batch, classes, stream: [seed, 'predict', index] }),
  )
  return counts.map(votes => {
    requireVotes(votes, n)
    return predictFromCounts(votes, { alpha })
  })
}
