import { ConfigError } from '../errors'

/** How a batch of the loader is cut into their own updates. */
export interface CutBatch {
  /** Images of each update. */
  readonly imagesPerUpdate: number
  /** The places of the images of each update in the batch. */
  readonly updates: readonly (readonly number[])[]
  /** Places that are left over. */
  readonly dropped: readonly number[]
}

/**
 * A batch of L images as it is trained on under M noises each in the code of Jeong and Shin (2020) and what follows it: M updates of
 * ⌊L/M⌋ images, so that each sees about L noisy images, and what is left over is dropped. With L below M nothing is updated.
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
 * `optimisation.imagesPerUpdate` for a batch that is cut so. Updates take images in the order of the epoch, and nothing is dropped
 * between batches; where M divides L an epoch has the same images as that code has.
 *
 * @throws ConfigError where the batch is smaller than M
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
