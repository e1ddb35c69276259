import type { RunConfig } from '../config/schema'
import { epsilonAt, learningRate, peakLearningRate, weightDecay } from './schedules'

/** What changes from update to update. */
export interface Scheduled {
  /** Learning rate of a parameter group whose scale is 1. */
  readonly learningRate: number
  /** Weight decay of the parameter groups that have one. */
  readonly weightDecay: number
  /** Attack radius, in the ℓ2 norm of images in [-1, 1]. */
  readonly epsilon: number
}

/** What a configuration says of an update that follows on so many epochs, whole ones and a part. */
export function scheduledAt(
  epochsDone: number,
  { optimisation, method }: Pick<RunConfig, 'optimisation' | 'method'>,
): Scheduled {
  const { epochs } = optimisation
  return {
    learningRate: learningRate(epochsDone, {
      peak: peakLearningRate(optimisation.learningRate, optimisation.imagesPerUpdate),
      minimum: optimisation.minLearningRate,
      warmupEpochs: optimisation.warmupEpochs,
      epochs,
    }),
    weightDecay: weightDecay(epochsDone, { ...optimisation.weightDecay, epochs }),
    epsilon: epsilonAt(Math.floor(epochsDone), method.attack.epsilon),
  }
}
