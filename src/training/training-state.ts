import type { TrainedNetworks } from '../objectives/objective'
import type { Smoothing } from '../smoothing/smoothing'
import type { Denoiser, Loader, MovingAverage, Optimizer, ProcessGroup, RunningStatistics } from '../torch'
import type { StepRunner } from './step-runner'

/** State that stays the same from update to update. */
export interface TrainingState {
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  /** The moving average of the trained network, and a network with its weights; null if the run keeps none. */
  readonly averaged: { readonly average: MovingAverage; readonly network: Denoiser } | null
  /** The networks to evaluate, show and export: with averaged weights if the run keeps them. */
  readonly judged: { readonly networks: TrainedNetworks; readonly smoothing: Smoothing }
  readonly optimizer: Optimizer
  /** State besides parameters that training updates; null if none. */
  readonly statistics: RunningStatistics | null
  readonly loader: Loader
  /** The processes that share each update. */
  readonly group: ProcessGroup
  readonly steps: StepRunner
}
