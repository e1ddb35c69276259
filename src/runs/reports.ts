import type { AnyRunConfig } from '../config/schema'
import type { ObjectiveDescription } from '../objectives/description'
import type { MetricValues } from '../objectives/metrics'
import type { TrainedNetworks } from '../objectives/objective'
import type { Position } from '../objectives/place'
import type { Smoothing } from '../smoothing/smoothing'
import type { Dataset } from '../torch'
import type { RunPlan } from './plan-run'
import type { RunFolder } from './run-folder'

/** What a run reports while it trains: to watchers and to `metrics.jsonl`. */

/** Means over the images of an update, over all micro-batches and ranks. */
export interface UpdateMetrics {
  readonly loss: number
  /** The user's own loss term; 0 without one. */
  readonly lossTerm: number
  /** Global ℓ2 norm of the gradient before clipping. */
  readonly gradientNorm: number
  /** The same after clipping. */
  readonly clippedGradientNorm: number
  /** Those of the objective, by key. */
  readonly metrics: MetricValues
}

/** What one update cost. */
export interface UpdateCost {
  readonly durationMs: number
  /** The part of it that was not spent inside torch: recording, transport, decisions. */
  readonly hostMs: number
  readonly imagesPerSecond: number
  /** Messages to Python and back. */
  readonly roundTrips: number
  readonly liveTensors: number
  /** The most that tensors have occupied on the device so far; null on the CPU. */
  readonly deviceBytes: number | null
}

export interface UpdateReport extends UpdateMetrics, UpdateCost, Position {
  /** Whether the optimizer step was taken. It is not on a number that is not finite. */
  readonly taken: boolean
  /** Learning rate of a parameter group whose scale is 1. */
  readonly learningRate: number
  /** Learning rate of the lowest layer that is trained. */
  readonly firstLayerLearningRate: number
  /** Learning rate of the head. */
  readonly lastLayerLearningRate: number
  readonly weightDecay: number
  /** What the loss is multiplied by against underflow; 1 but under float16. */
  readonly lossScale: number
}

export interface EpochReport {
  readonly epoch: number
  /** Updates since the run began. */
  readonly step: number
  /** The evaluation on test images, by key: with most objectives `clean` and `noisy` accuracy. */
  readonly metrics: MetricValues
  /** Corrupt training images that others have stood in for, since the run began. */
  readonly skippedImages: number
  /** Their paths, each once. */
  readonly skippedPaths: readonly string[]
  /** Paths of corrupt test images, which the evaluation left out; absent where there are none. */
  readonly corruptTestImages?: readonly string[]
}

/** What is about to be trained. */
export interface RunStart {
  readonly config: AnyRunConfig
  readonly objective: ObjectiveDescription
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  /** M: noises of each image in an update. */
  readonly noises: number
  readonly trainSet: Dataset
  readonly testSet: Dataset
  readonly plan: RunPlan
  /** The folder that this process writes; null on every rank but the first. */
  readonly folder: RunFolder | null
  /** Updates that an earlier part of the run has taken; 0 for a new run. */
  readonly stepsDone: number
}

/** How a run ended. */
export type RunEnd = 'finished' | 'interrupted' | 'failed'

/** Observes a run and changes nothing about it. Calls come in the order of the run, one at a time. */
export interface RunWatcher {
  /** Before the first update, when all is loaded and the run folder is there. */
  readonly onStart?: ((start: RunStart) => void | Promise<void>) | undefined
  readonly onUpdate?: ((report: UpdateReport) => void | Promise<void>) | undefined
  /** When torch begins to compile a network, and when it has: no update is taken meanwhile. */
  readonly onCompiling?: ((isCompiling: boolean) => void) | undefined
  /** After each epoch, with the evaluation on test images. */
  readonly onEpoch?: ((report: EpochReport) => void | Promise<void>) | undefined
  /** Once, whatever happened after `onStart`. */
  readonly onEnd?: ((end: RunEnd) => void | Promise<void>) | undefined
}
