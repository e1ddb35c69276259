/**
 * What changes while training goes on, as pure functions of the epochs done so far. A training loop with
 * `updatesPerEpoch` optimizer updates asks before update u (from 0) of epoch e (from 0) at
 * `epochsDone = e + u / updatesPerEpoch`, so that a run resumed in mid-epoch continues where it was.
 */

/** Linear warm-up, then half a cosine (Tables 9 and 10). */
export interface LearningRateSchedule {
  /** Learning rate at the end of the warm-up. See {@link peakLearningRate}. */
  readonly peak: number
  /** What the cosine falls to. */
  readonly minimum: number
  /** 0 starts at the peak. */
  readonly warmupEpochs: number
  /** Length of the whole schedule, warm-up included. */
  readonly epochs: number
}

/**
 * Learning rate of a parameter group whose scale is 1. Rises from 0, so the first update of a run with warm-up changes
 * nothing, as in the released code; then falls from `peak` towards `minimum`, which it reaches after the last update.
 * Groups with another scale multiply all of it, the minimum included.
 *
 * @param epochsDone - As above; from `epochs` on the answer is `minimum`.
 */
export function learningRate(epochsDone: number, schedule: LearningRateSchedule): number {
  const { peak, minimum, warmupEpochs, epochs } = schedule
  if (epochsDone >= epochs) return minimum
  if (epochsDone < warmupEpochs) return (peak * epochsDone) / warmupEpochs
  return halfCosine((epochsDone - warmupEpochs) / (epochs - warmupEpochs), { from: peak, to: minimum })
}

/** Half a cosine from `start` to `end` over all epochs, without warm-up. */
export interface WeightDecaySchedule {
  readonly start: number
  readonly end: number
  readonly epochs: number
}

/**
 * Weight decay of the parameter groups that have one.
 *
 * @param epochsDone - As above; from `epochs` on the answer is `end`.
 */
export function weightDecay(epochsDone: number, { start, end, epochs }: WeightDecaySchedule): number {
  return halfCosine(Math.min(epochsDone / epochs, 1), { from: start, to: end })
}

/**
 * The linear scaling rule: base learning rate · images per update / 256 (Appendix B.2).
 *
 * @param imagesPerUpdate - Distinct images behind one optimizer update, over all processes; their M noises do not count.
 */
export function absoluteLearningRate(baseLearningRate: number, imagesPerUpdate: number): number {
  return (baseLearningRate * imagesPerUpdate) / 256
}

/** The learning rate that a run climbs to: a plain number as it is, a base by {@link absoluteLearningRate}. */
export function peakLearningRate(rate: number | { readonly base: number }, imagesPerUpdate: number): number {
  return typeof rate === 'number' ? rate : absoluteLearningRate(rate.base, imagesPerUpdate)
}

/** How the released code names what one optimizer update is made of. */
export interface ReleasedCounting {
  /** Images in one batch of one process's loader. It is cut into M chunks, each of which is one micro-batch. */
  readonly loaderBatch: number
  readonly processes: number
  /** Micro-batches whose gradients are added up before an update (`accum_iter`). */
  readonly accumulation: number
  /** M. */
  readonly noises: number
}

/** Images per update as the released code and Appendix B.2 count them: loader batch · processes · accumulation // M. */
export function effectiveBatch({ loaderBatch, processes, accumulation, noises }: ReleasedCounting): number {
  return Math.floor((loaderBatch * processes * accumulation) / noises)
}

/** A place in a run at which the released code sets learning rate and weight decay. */
export interface ReleasedUpdatePoint {
  readonly epoch: number
  /** Batch of the loader within the epoch (`i`). */
  readonly loaderBatch: number
  /** Chunk of that batch (`j`). */
  readonly chunk: number
  /** Where {@link learningRate} is evaluated. */
  readonly epochsDone: number
  /** Loader batches since the run began, rounded half to even: the released code's index for weight decay. */
  readonly weightDecayIteration: number
}

/** One epoch of the released code, in micro-batches. */
export interface ReleasedEpochs extends Pick<ReleasedCounting, 'accumulation' | 'noises'> {
  readonly epochs: number
  /** Batches in one epoch of a process's loader. */
  readonly loaderBatchesPerEpoch: number
}

/**
 * Every place at which the released code sets learning rate and weight decay: before micro-batch 0, `accumulation`,
 * 2 · `accumulation`, … of each epoch.
 */
export function releasedUpdatePoints(run: ReleasedEpochs): ReleasedUpdatePoint[] {
  const { epochs, loaderBatchesPerEpoch, accumulation, noises } = run
  const pointsPerEpoch = Math.ceil((loaderBatchesPerEpoch * noises) / accumulation)
  return Array.from({ length: epochs * pointsPerEpoch }, (_, point) => {
    const epoch = Math.floor(point / pointsPerEpoch)
    const microBatch = (point % pointsPerEpoch) * accumulation
    const position = microBatch / noises
    return {
      epoch,
      loaderBatch: Math.floor(position),
      chunk: microBatch % noises,
      epochsDone: epoch + position / loaderBatchesPerEpoch,
      weightDecayIteration: epoch * loaderBatchesPerEpoch + roundHalfToEven(position),
    }
  })
}

/** Optimizer updates in each epoch of the released code, and the micro-batches at its end whose gradient is lost. */
export function releasedEpoch(run: Omit<ReleasedEpochs, 'epochs'>): {
  updates: number
  lostMicroBatches: number
} {
  const microBatches = run.loaderBatchesPerEpoch * run.noises
  return {
    updates: Math.floor(microBatches / run.accumulation),
    lostMicroBatches: microBatches % run.accumulation,
  }
}

/**
 * Weight decay at a point of the released code: by whole loader batches, and a start of 0 never rises. In its last
 * epoch the released code can ask for one batch more than there are and then stops; here that is the end value.
 */
export function releasedWeightDecay(
  { weightDecayIteration }: ReleasedUpdatePoint,
  schedule: WeightDecaySchedule & Pick<ReleasedEpochs, 'loaderBatchesPerEpoch'>,
): number {
  return schedule.start === 0
    ? 0
    : weightDecay(weightDecayIteration / schedule.loaderBatchesPerEpoch, schedule)
}

function halfCosine(progress: number, { from, to }: { from: number; to: number }): number {
  return to + (from - to) * 0.5 * (1 + Math.cos(Math.PI * progress))
}

/** Python's `round`. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  if (value - below !== 0.5) return Math.round(value)
  return below % 2 === 0 ? below : below + 1
}
