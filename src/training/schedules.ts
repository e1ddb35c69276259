/**
 * Quantities that change during training, as pure functions of the epochs done so far. A training loop with `updatesPerEpoch` optimizer
 * updates evaluates them before update u (from 0) of epoch e (from 0) at `epochsDone = e + u / updatesPerEpoch`, so a run resumed in
 * mid-epoch continues where it stopped.
 */

/** Linear warm-up, then half a cosine (Tables 9 and 10). */
export interface LearningRateSchedule {
  /** Learning rate at the end of the warm-up. See {@link peakLearningRate}. */
  readonly peak: number
  /** Final value of the cosine. */
  readonly minimum: number
  /** 0 starts at the peak. */
  readonly warmupEpochs: number
  /** Length of the whole schedule, including the warm-up. */
  readonly epochs: number
}

/**
 * Returns the learning rate of a parameter group with scale 1. It rises from 0, so the first update of a run with warm-up changes nothing,
 * as in the released code. Then it falls from `peak` to `minimum`, which it reaches after the last update. A group's scale multiplies all
 * of it, including the minimum.
 *
 * @param epochsDone - As above; from `epochs` on, the result is `minimum`.
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

/** A factor every N epochs, or a list of factors. Epochs are counted from 0. */
export type LearningRateSteps =
  | {
      readonly kind: 'steps'
      readonly everyEpochs: number
      readonly factor: number
      /** Epochs by which every drop is delayed, to match the count of released code. */
      readonly late: number
    }
  | {
      readonly kind: 'listed'
      readonly steps: readonly { readonly fromEpoch: number; readonly factor: number }[]
    }

/**
 * Returns the learning rate of a parameter group with scale 1: constant within an epoch, except for the warm-up, in which it rises from 0.
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

/** Returns the factor of the learning rate in an epoch, counted from 0. */
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
 * Returns the weight decay of the parameter groups that decay.
 *
 * @param epochsDone - As above; from `epochs` on, the result is `end`.
 */
export function weightDecay(epochsDone: number, { start, end, epochs }: WeightDecaySchedule): number {
  return halfCosine(Math.min(epochsDone / epochs, 1), { from: start, to: end })
}

/**
 * The linear scaling rule: base learning rate · images per update / 256 (Appendix B.2).
 *
 * @param imagesPerUpdate - Distinct images per optimizer update, over all processes; their M noises do not count.
 */
export function absoluteLearningRate(baseLearningRate: number, imagesPerUpdate: number): number {
  return (baseLearningRate * imagesPerUpdate) / 256
}

/** Returns the peak learning rate of a run: a number unchanged, a base by {@link absoluteLearningRate}. */
export function peakLearningRate(rate: number | { readonly base: number }, imagesPerUpdate: number): number {
  return typeof rate === 'number' ? rate : absoluteLearningRate(rate.base, imagesPerUpdate)
}

function halfCosine(progress: number, { from, to }: { from: number; to: number }): number {
  return to + (from - to) * 0.5 * (1 + Math.cos(Math.PI * progress))
}
