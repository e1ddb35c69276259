import type { FtCadisSettings } from '../config/methods/ft-cadis'
import type { AnyRunConfig } from '../config/schema'
import type { Form } from '../objectives/objective'
import type { Place } from '../objectives/place'
import { learningRate, peakLearningRate, steppedLearningRate, weightDecay } from './schedules'

/** Hyperparameters that change from update to update. */
export interface Hyperparameters<Settings extends Form['settings'] = FtCadisSettings> {
  /** Learning rate of a parameter group with scale 1. */
  readonly learningRate: number
  /** Weight decay of the parameter groups that decay. */
  readonly weightDecay: number
  /** Current settings of the objective, with ramps and steps resolved. */
  readonly method: Settings
}

/**
 * A custom schedule: returns the hyperparameters to override at this position of the run. It must depend only on its arguments, so that a
 * resumed run continues unchanged.
 */
export type Schedule<Settings extends Form['settings'] = FtCadisSettings> = (
  place: Place,
  configured: Hyperparameters<Settings>,
) => Partial<Hyperparameters<Settings>>

/** Returns learning rate and weight decay after `epochsDone` epochs, which may be fractional. */
export function optimiserSchedule(
  epochsDone: number,
  { optimisation }: Pick<AnyRunConfig, 'optimisation'>,
): Pick<Hyperparameters, 'learningRate' | 'weightDecay'> {
  const { epochs, warmupEpochs, schedule, minLearningRate } = optimisation
  const peak = peakLearningRate(optimisation.learningRate, optimisation.imagesPerUpdate)
  return {
    learningRate:
      schedule.kind === 'cosine'
        ? learningRate(epochsDone, { peak, minimum: minLearningRate, warmupEpochs, epochs })
        : steppedLearningRate(epochsDone, { peak, warmupEpochs, steps: schedule }),
    weightDecay: weightDecay(epochsDone, { ...optimisation.weightDecay, epochs }),
  }
}
