import type { TrainedNetworks } from '../objectives/objective'
import type { Smoothing } from '../smoothing/smoothing'
import type { Loader, Optimizer, ProcessGroup, RunningStatistics } from '../torch'
import type { StepRunner } from './step-runner'

/** What stays the same from update to update. */
export interface TrainingState {
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  readonly optimizer: Optimizer
  /** What training moves beside parameters; null where it moves nothing else. */
  readonly statistics: RunningStatistics | null
  readonly loader: Loader
  /** The processes that share each update. */
  readonly group: ProcessGroup
  readonly steps: StepRunner
}
