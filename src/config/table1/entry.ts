/**
 * Where a value of Table 1's methods is from, as the comments of the settings mark it:
 * V: established by running the authors' code; R: read in it; L: read in logs or names of result files that they released;
 * P: read in the paper's text; T: a third party's run; M: from memory of the paper, to be checked before it is printed as its own.
 */

/** The data, and the network, that a method of Table 1 is trained with. */
export type Table1Scale = 'mnist' | 'cifar10' | 'imagenet'

export const TABLE1_SCALES: readonly Table1Scale[] = ['mnist', 'cifar10', 'imagenet']

/** Fields of a configuration. A field that is undefined was not released, and has to be given. */
export interface Fields {
  readonly [name: string]: unknown
}

/** How a method was trained at a scale, where that is known. */
export interface Table1Entry {
  readonly method: Fields
  readonly optimisation: Fields
  /** What of the scale's classifier is another. */
  readonly classifier?: Fields
  /** The denoiser in front of the classifier. Default: none. */
  readonly denoiser?: Fields
  /** What the noise is added after. Default: it is added to the image. */
  readonly noiseAfter?: 'first-layer'
  /** What of the certification is another. */
  readonly certification?: Fields
  /** Fields that are the user's to give, such as a file, by their path; and what to do. */
  readonly asks?: Readonly<Record<string, string>>
}

/** The settings of each method of a scale, for a noise level. */
export type Table1Entries = Readonly<Record<string, (sigma: number) => Table1Entry>>

/** A value for each noise level that was published; undefined for any other. */
export function bySigma<T>(values: Readonly<Record<number, T>>): (sigma: number) => T | undefined {
  return sigma => values[sigma]
}

/** What `method.predictions` asks for. */
export const ASKS_PREDICTIONS = {
  'method.predictions':
    'Make the file by `ft-cadis soft-labels` from a run of gaussian, and give it; on the command line by --set method.predictions=…',
} as const

/** SGD with momentum 0.9 of which nothing else was released: neither rate, length, batch nor weight decay. */
export const UNRELEASED_TRAINING: Fields = {
  ...{ epochs: undefined, learningRate: undefined, imagesPerUpdate: undefined, weightDecay: undefined },
  ...{ dropLast: false, optimizer: { kind: 'sgd', momentum: 0.9 } },
}

interface Training {
  readonly epochs: number
  readonly learningRate: number
  /** L: images of a batch of the released loader. */
  readonly batch: number
  /** M updates of ⌊L/M⌋ images are made of a batch (V). Default 1: the batch is an update. */
  readonly cutIn?: number | undefined
  /** Epochs from one drop by 0.1 to the next. */
  readonly dropEvery: number
  /** Epochs by which a drop comes late. */
  readonly late: number
  readonly weightDecay?: number
}

/**
 * SGD with momentum 0.9, weight decay on every parameter (R), and the last batch of an epoch trained on although it is smaller (R).
 *
 * Where a batch is cut, the released code cuts the last one in M as well; here it gives updates of ⌊L/M⌋ images and one of what is left.
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
