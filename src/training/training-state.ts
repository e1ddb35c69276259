import type { TrainedNetworks } from '../objectives/objective'
import type { Smoothing } from '../smoothing/smoothing'
import type { Loader, Optimizer, ProcessGroup } from '../torch'
import type { StepRunner } from './step-runner'

/** What stays the same from update to update. */
export interface TrainingState {
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  readonly optimizer: Optimizer
  readonly loader: Loader
  /** The processes that share each update. */
  readonly group: ProcessGroup
  readonly steps: StepRunner
}
