/**
 * What changes while training continues, as pure functions of the epochs done so far. A training loop with
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
 *
 * @example
 * learningRate(0.5, { peak: 1e-3, minimum: 0, warmupEpochs: 1, epochs: 12 }) // => 5e-4
 */
export function learningRate(epochsDone: number, schedule: LearningRateSchedule): number {
  const { peak, minimum, warmupEpochs, epochs } = schedule
  if (epochsDone >= epochs) return minimum
  if (epochsDone < warmupEpochs) return (peak * epochsDone) / warmupEpochs
  return halfCosine((epochsDone - warmupEpochs) / (epochs - warmupEpochs), { from: peak, to: minimum })
}

/** Linear warm-up, then steps. */
export interface SteppedSchedule {
  /** Learning rate at the end of the warm-up, before the first drop. */
  readonly peak: number
  readonly warmupEpochs: number
  readonly steps: LearningRateSteps
}

/** A factor every N epochs, or factors that are listed. Epochs are counted from 0. */
export type LearningRateSteps =
  | {
      readonly kind: 'steps'
      readonly everyEpochs: number
      readonly factor: number
      /** Epochs by which every drop comes late, as in released code that counts otherwise. */
      readonly late: number
    }
  | {
      readonly kind: 'listed'
      readonly steps: readonly { readonly fromEpoch: number; readonly factor: number }[]
    }

/**
 * Learning rate of a parameter group whose scale is 1: constant within an epoch, but for the warm-up, in which it rises from 0.
 *
 * @param epochsDone - As above.
 */
export function steppedLearningRate(
  epochsDone: number,
  { peak, warmupEpochs, steps }: SteppedSchedule,
): number {
  const warmup = epochsDone < warmupEpochs ? epochsDone / warmupEpochs : 1
  return peak * warmup * stepFactor(Math.floor(epochsDone), steps)
}

/** What the learning rate is multiplied by in an epoch, counted from 0. */
function stepFactor(epoch: number, steps: LearningRateSteps): number {
  if (steps.kind === 'listed') return steps.steps.findLast(({ fromEpoch }) => fromEpoch <= epoch)?.factor ?? 1
  const drops = Math.floor((epoch - steps.late) / steps.everyEpochs)
  return steps.factor ** Math.max(0, drops)
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

function halfCosine(progress: number, { from, to }: { from: number; to: number }): number {
  return to + (from - to) * 0.5 * (1 + Math.cos(Math.PI * progress))
}
