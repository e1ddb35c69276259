import type { TrainedNetworks } from '../objectives/objective'
import type { Smoothing } from '../smoothing/smoothing'
import type { Denoiser, Loader, MovingAverage, Optimizer, ProcessGroup, RunningStatistics } from '../torch'
import type { StepRunner } from './step-runner'

/** What stays the same from update to update. */
export interface TrainingState {
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  /** The moving average of what is trained, and the network of it; null where none is kept. */
  readonly averaged: { readonly average: MovingAverage; readonly network: Denoiser } | null
  /** What is evaluated, shown and handed out: with the averaged weights where they are kept. */
  readonly judged: { readonly networks: TrainedNetworks; readonly smoothing: Smoothing }
  readonly optimizer: Optimizer
  /** What training moves beside parameters; null where it moves nothing else. */
  readonly statistics: RunningStatistics | null
  readonly loader: Loader
  /** The processes that share each update. */
  readonly group: ProcessGroup
  readonly steps: StepRunner
}
