import type { AnyRunConfig } from '../config/schema'
import { ConfigError } from '../errors'
import type { Passes } from '../objectives/objective'

/** The size of a run, computed from the configuration and the size of the data. */
export interface RunPlan {
  /** Number of epochs. */
  readonly epochs: number
  readonly updatesPerEpoch: number
  /** Total number of updates. */
  readonly updates: number
  /** Total number of images. */
  readonly images: number
  /** Loader batches per update, over all ranks; their gradients are accumulated. */
  readonly microBatches: number
  readonly imagesPerMicroBatch: number
  /** The last update of an epoch: smaller than the others if `optimisation.dropLast` is false and images are left over. */
  readonly lastUpdate: UpdateSize
}

/** The size of one update, over all ranks. */
export interface UpdateSize {
  readonly images: number
  readonly microBatches: number
}

/**
 * Returns the size of an update of an epoch.
 *
 * @param update - its number, from 1
 */
export function sizeOfUpdate(
  update: number,
  { updatesPerEpoch, microBatches, imagesPerMicroBatch, lastUpdate }: RunPlan,
): UpdateSize {
  return update === updatesPerEpoch
    ? lastUpdate
    : { images: microBatches * imagesPerMicroBatch, microBatches }
}

/**
 * Returns the plan of a run.
 *
 * @throws ConfigError if there are not enough images for one update, or its micro-batches do not divide over all ranks
 */
export function planRun(
  { optimisation }: Pick<AnyRunConfig, 'optimisation'>,
  {
    trainImages,
    stopAfterUpdates,
    ranks = 1,
  }: { trainImages: number; stopAfterUpdates?: number | undefined; ranks?: number },
): RunPlan {
  const { imagesPerUpdate, imagesPerMicroBatch = imagesPerUpdate, stopAfterEpoch, dropLast } = optimisation
  const wholeUpdates = Math.floor(trainImages / imagesPerUpdate)
  const leftOver = dropLast ? 0 : trainImages % imagesPerUpdate
  const updatesPerEpoch = wholeUpdates + (leftOver > 0 ? 1 : 0)
  if (updatesPerEpoch === 0) {
    throw new ConfigError(
      `The training set has ${trainImages} images, but one update takes ${imagesPerUpdate}.`,
      {
        remedy: 'Lower optimisation.imagesPerUpdate.',
      },
    )
  }
  const microBatches = imagesPerUpdate / imagesPerMicroBatch
  if (microBatches % ranks !== 0) {
    throw new ConfigError(
      `An update of ${imagesPerUpdate} images in micro-batches of ${imagesPerMicroBatch} has ${microBatches} of them, which ${ranks} processes cannot share evenly.`,
      { remedy: `Set optimisation.imagesPerMicroBatch to a divisor of ${imagesPerUpdate / ranks}.` },
    )
  }
  const lastUpdate =
    leftOver === 0
      ? { images: imagesPerUpdate, microBatches }
      : { images: leftOver, microBatches: Math.ceil(leftOver / imagesPerMicroBatch) }
  if (lastUpdate.microBatches < ranks) {
    throw new ConfigError(
      `The last update of an epoch has ${leftOver} images in ${lastUpdate.microBatches} micro-batches of ${imagesPerMicroBatch}, which do not reach ${ranks} processes.`,
      { remedy: 'Lower optimisation.imagesPerMicroBatch, or set optimisation.dropLast to true.' },
    )
  }
  const planned = Math.min(stopAfterEpoch ?? optimisation.epochs, optimisation.epochs) * updatesPerEpoch
  const updates = Math.min(stopAfterUpdates ?? planned, planned)
  const lastUpdates = Math.floor(updates / updatesPerEpoch)
  return {
    images: (updates - lastUpdates) * imagesPerUpdate + lastUpdates * lastUpdate.images,
    lastUpdate,
    epochs: Math.ceil(updates / updatesPerEpoch),
    updatesPerEpoch,
    updates,
    microBatches,
    imagesPerMicroBatch,
  }
}

/** Returns the passes of several images, from those of one. */
export function timesImages(images: number, { denoiserForward, ...classifier }: Passes): Passes {
  const times = ({ least, most }: Passes['classifierForward']) => ({
    least: images * least,
    most: images * most,
  })
  return {
    denoiserForward: images * denoiserForward,
    classifierForward: times(classifier.classifierForward),
    classifierBackward: times(classifier.classifierBackward),
  }
}

/** Returns the passes of the evaluations after `epochs` epochs: clean and denoised, once for each test image. */
export function evaluationPasses({ epochs, testImages }: { epochs: number; testImages: number }): Passes {
  const images = epochs * testImages
  return forwardOnly(images, 2 * images)
}

/** Returns the passes of the certification of several images. */
export function certificationPasses(
  { certification: { n0, n } }: Pick<AnyRunConfig, 'certification'>,
  { images }: { images: number },
): Passes {
  return forwardOnly(images * (n0 + n), images * (n0 + n))
}

function forwardOnly(denoiserForward: number, forward: number): Passes {
  return {
    denoiserForward,
    classifierForward: { least: forward, most: forward },
    classifierBackward: { least: 0, most: 0 },
  }
}

/** Returns whether the checkpoint of an epoch, counted from 1, is kept. */
export function leavesCheckpoint(
  epoch: number,
  { checkpoints }: Pick<AnyRunConfig, 'checkpoints'>,
  { epochs }: Pick<RunPlan, 'epochs'>,
): boolean {
  const regular = checkpoints.everyEpochs !== undefined && epoch % checkpoints.everyEpochs === 0
  return epoch === epochs || regular || checkpoints.epochs.includes(epoch)
}
