/**
 * Sources of values for Table 1's methods, as marked in comments of the settings. V: established by running the authors'
 * code; R: read in it; L: read in logs or names of result files that they released; P: read in the paper's text; T: a
 * third party's run; M: from memory of the paper, to be checked before publication.
 */

/** The data and the network that a method of Table 1 is trained with. */
export type Table1Scale = 'mnist' | 'cifar10' | 'imagenet'

export const TABLE1_SCALES: readonly Table1Scale[] = ['mnist', 'cifar10', 'imagenet']

/** Fields of a configuration. An undefined field was not released, and is required. */
export interface Fields {
  readonly [name: string]: unknown
}

/** The known training settings of a method at a scale. */
export interface Table1Entry {
  readonly method: Fields
  readonly optimisation: Fields
  /** Changes to the scale's classifier. */
  readonly classifier?: Fields
  /** The denoiser in front of the classifier. Default: none. */
  readonly denoiser?: Fields
  /** The layer after which noise is added. Default: noise is added to the image. */
  readonly noiseAfter?: 'first-layer'
  /** Changes to the certification. */
  readonly certification?: Fields
  /** Fields that the user must set, such as a file, by path; with instructions. */
  readonly asks?: Readonly<Record<string, string>>
}

/** The settings of each method of a scale, for a noise level. */
export type Table1Entries = Readonly<Record<string, (sigma: number) => Table1Entry>>

/** Returns the value for a published noise level; undefined for any other. */
export function bySigma<T>(values: Readonly<Record<number, T>>): (sigma: number) => T | undefined {
  return sigma => values[sigma]
}

/** Instructions for `method.predictions`. */
export const ASKS_PREDICTIONS = {
  'method.predictions':
    'Make the file by `ft-cadis soft-labels` from a run of gaussian, and give it; on the command line by --set method.predictions=…',
} as const

/** SGD with momentum 0.9. Learning rate, length, batch and weight decay were not released. */
export const UNRELEASED_TRAINING: Fields = {
  ...{ epochs: undefined, learningRate: undefined, imagesPerUpdate: undefined, weightDecay: undefined },
  ...{ dropLast: false, optimizer: { kind: 'sgd', momentum: 0.9 } },
}

interface Training {
  readonly epochs: number
  readonly learningRate: number
  /** L: images per batch of the released loader. */
  readonly batch: number
  /** A batch is cut into M updates of ⌊L/M⌋ images (V). Default 1: the batch is one update. */
  readonly cutIn?: number | undefined
  /** Epochs between drops by 0.1. */
  readonly dropEvery: number
  /** Epochs by which a drop is late. */
  readonly late: number
  readonly weightDecay?: number
}

/**
 * Returns settings for SGD with momentum 0.9, weight decay on every parameter (R), and a smaller last batch in each epoch
 * (R).
 *
 * The released code also cuts the last batch into M. Here it gives updates of ⌊L/M⌋ images and one of the remaining
 * images.
 */
export function scratch({
  batch,
  cutIn = 1,
  dropEvery,
  late,
  weightDecay = 1e-4,
  ...rest
}: Training): Fields {
  return {
    ...rest,
    imagesPerUpdate: Math.floor(batch / cutIn),
    dropLast: false,
    optimizer: { kind: 'sgd', momentum: 0.9 },
    schedule: { kind: 'steps', everyEpochs: dropEvery, factor: 0.1, late },
    weightDecay: { start: weightDecay, end: weightDecay },
    decays: 'all',
  }
}
