import type { AnyRunConfig } from '../config/schema'
import type { ObjectiveDescription } from '../objectives/description'
import type { MetricValues } from '../objectives/metrics'
import type { TrainedNetworks } from '../objectives/objective'
import type { Position } from '../objectives/place'
import type { Smoothing } from '../smoothing/smoothing'
import type { Dataset } from '../torch'
import type { RunPlan } from './plan-run'
import type { RunFolder } from './run-folder'

/** The reports of a run in training: to watchers and to `metrics.jsonl`. */

/** Means over the images of an update, over all micro-batches and ranks. */
export interface UpdateMetrics {
  readonly loss: number
  /** The user's own loss term; 0 without one. */
  readonly lossTerm: number
  /** Global ℓ2 norm of the gradient before clipping. */
  readonly gradientNorm: number
  /** The same after clipping. */
  readonly clippedGradientNorm: number
  /** Metrics of the objective, by key. */
  readonly metrics: MetricValues
}

/** The cost of one update. */
export interface UpdateCost {
  readonly durationMs: number
  /** The part of it spent outside torch: recording, transport, decisions. */
  readonly hostMs: number
  readonly imagesPerSecond: number
  /** Round trips to Python. */
  readonly roundTrips: number
  readonly liveTensors: number
  /** Peak device memory of tensors so far; null on the CPU. */
  readonly deviceBytes: number | null
}

export interface UpdateReport extends UpdateMetrics, UpdateCost, Position {
  /** Whether the optimizer step was taken. It is skipped if a number is not finite. */
  readonly taken: boolean
  /** Learning rate of a parameter group whose scale is 1. */
  readonly learningRate: number
  /** Learning rate of the lowest trained layer. */
  readonly firstLayerLearningRate: number
  /** Learning rate of the head. */
  readonly lastLayerLearningRate: number
  readonly weightDecay: number
  /** Scale of the loss against underflow; 1 except under float16. */
  readonly lossScale: number
}

export interface EpochReport {
  readonly epoch: number
  /** Updates since the run began. */
  readonly step: number
  /** The evaluation on test images, by key: for most objectives `clean` and `noisy` accuracy. */
  readonly metrics: MetricValues
  /** Corrupt training images replaced by others since the run began. */
  readonly skippedImages: number
  /** Their paths, without duplicates. */
  readonly skippedPaths: readonly string[]
  /** Paths of corrupt test images, which the evaluation omits; absent if there are none. */
  readonly corruptTestImages?: readonly string[]
}

/** The run before its first update. */
export interface RunStart {
  readonly config: AnyRunConfig
  readonly objective: ObjectiveDescription
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  /** M: noises per image in an update. */
  readonly noises: number
  readonly trainSet: Dataset
  readonly testSet: Dataset
  readonly plan: RunPlan
  /** The folder that this process writes; null on all ranks except the first. */
  readonly folder: RunFolder | null
  /** Updates of earlier parts of the run; 0 for a new run. */
  readonly stepsDone: number
}

/** How a run ended. */
export type RunEnd = 'finished' | 'interrupted' | 'failed'

/** Observes a run without changing it. Calls follow the order of the run, one at a time. */
export interface RunWatcher {
  /** Before the first update, when everything is loaded and the run folder exists. */
  readonly onStart?: ((start: RunStart) => void | Promise<void>) | undefined
  readonly onUpdate?: ((report: UpdateReport) => void | Promise<void>) | undefined
  /** When torch begins to compile a network, and when it ends: no update is taken meanwhile. */
  readonly onCompiling?: ((isCompiling: boolean) => void) | undefined
  /** After each epoch, with the evaluation on test images. */
  readonly onEpoch?: ((report: EpochReport) => void | Promise<void>) | undefined
  /** Once, after `onStart`, however the run ends. */
  readonly onEnd?: ((end: RunEnd) => void | Promise<void>) | undefined
}
