import type { FtCadisSettings } from '../config/methods/ft-cadis'
import type { AnyRunConfig } from '../config/schema'
import type { Form } from '../objectives/objective'
import type { Place } from '../objectives/place'
import { learningRate, peakLearningRate, steppedLearningRate, weightDecay } from './schedules'

/** What changes from update to update. */
export interface Hyperparameters<Settings extends Form['settings'] = FtCadisSettings> {
  /** Learning rate of a parameter group whose scale is 1. */
  readonly learningRate: number
  /** Weight decay of the parameter groups that have one. */
  readonly weightDecay: number
  /** Settings of the objective in force: ramps and steps are resolved. */
  readonly method: Settings
}

/**
 * A custom schedule: returns the hyperparameters to override at this place of the run. It must depend on its arguments
 * alone, so that a resumed run continues as it would have.
 */
export type Schedule<Settings extends Form['settings'] = FtCadisSettings> = (
  place: Place,
  configured: Hyperparameters<Settings>,
) => Partial<Hyperparameters<Settings>>

/** Learning rate and weight decay after `epochsDone` epochs, whole ones and a part. */
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
