import { ConfigError } from '../errors'

/** A batch of the loader, cut into updates. */
export interface CutBatch {
  /** Images per update. */
  readonly imagesPerUpdate: number
  /** Positions in the batch of the images of each update. */
  readonly updates: readonly (readonly number[])[]
  /** Positions that no update uses. */
  readonly dropped: readonly number[]
}

/**
 * Cuts a batch of L images as the code of Jeong and Shin (2020) and its successors do for M noises: into M updates of
 * ⌊L/M⌋ images. Each update then has about L noisy images; the rest of the batch is dropped. If L < M, every update is
 * empty.
 */
export function cutBatch({ images, noises }: { readonly images: number; readonly noises: number }): CutBatch {
  const imagesPerUpdate = Math.floor(images / noises)
  const from = (start: number, count: number) => Array.from({ length: count }, (_, index) => start + index)
  return {
    imagesPerUpdate,
    updates: from(0, noises).map(update => from(update * imagesPerUpdate, imagesPerUpdate)),
    dropped: from(noises * imagesPerUpdate, images - noises * imagesPerUpdate),
  }
}

/**
 * Returns `optimisation.imagesPerUpdate` for a batch that is cut into M updates. Updates take images in the order of the
 * epoch, and nothing is dropped between batches. If M divides L, an epoch has the same images as in that code.
 *
 * @throws ConfigError if the batch is smaller than M
 */
export function imagesPerUpdateOf({
  images,
  noises,
}: {
  readonly images: number
  readonly noises: number
}): number {
  const { imagesPerUpdate } = cutBatch({ images, noises })
  if (imagesPerUpdate >= 1) return imagesPerUpdate
  throw new ConfigError(
    `A batch of ${images} images cannot be cut into ${noises} updates, one for each noise.`,
    {
      remedy: `Give a batch of at least ${noises} images.`,
    },
  )
}
