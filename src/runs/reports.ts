import type { RunConfig } from '../config/schema'
import type { NoiseLevel } from '../smoothing/noise-level'
import type { Classifier, Dataset, Denoiser } from '../torch'
import type { RunPlan } from './plan-run'
import type { RunFolder } from './run-folder'

/** What a run says about itself while it goes on: to hooks, to `metrics.jsonl`, to whatever watches. */

/** Where a run is. */
export interface Position {
  /** Epoch, counted from 1. */
  readonly epoch: number
  /** Updates taken in this epoch. */
  readonly update: number
  readonly updatesPerEpoch: number
  /** Epochs that will be trained. */
  readonly epochs: number
  /** Updates since the run began, counted from 1. */
  readonly step: number
  /** Updates of the whole run. */
  readonly steps: number
}

/** What one update measures: means over its images, over all micro-batches and ranks. */
export interface UpdateMetrics {
  /** Eq. 10. */
  readonly loss: number
  /** Eq. 8. */
  readonly selectiveCrossEntropy: number
  /** Eq. 9 with its mask, before λ. */
  readonly adversarial: number
  /** The caller's own loss term; 0 without one. */
  readonly lossTerm: number
  /** Share of denoised images that the deciding classifier gets right: non-hallucinated ones. */
  readonly keptShare: number
  /** Share of images with |D_nh| = M (Figure 11). */
  readonly allKeptShare: number
  /** Share of denoised images that the trained classifier gets right, in training mode (Figure 14). */
  readonly denoisedAccuracy: number
  /** Share of images that were attacked. */
  readonly attackedShare: number
  /** Share of the adversarial images that the classifier no longer gives their label; null where none was attacked. */
  readonly attackSuccess: number | null
  /** Global ℓ2 norm of the gradient before clipping. */
  readonly gradientNorm: number
  /** The same after clipping. */
  readonly clippedGradientNorm: number
}

/** What one update cost. */
export interface UpdateCost {
  readonly durationMs: number
  /** The part of it that was not spent inside torch: recording, transport, decisions. */
  readonly hostMs: number
  readonly imagesPerSecond: number
  /** Answers of Python. */
  readonly answers: number
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
  /** Attack radius in force. */
  readonly epsilon: number
  /** What the loss is multiplied by against underflow; 1 but under float16. */
  readonly lossScale: number
}

export interface Accuracy {
  /** Share of clean images that the base classifier gets right. */
  readonly clean: number
  /** Share of denoised images, one for each clean one, that it gets right. */
  readonly denoised: number
}

export interface EpochReport extends Accuracy {
  readonly epoch: number
  /** Updates since the run began. */
  readonly step: number
  /** Corrupt training images that others have stood in for, since the run began. */
  readonly skippedImages: number
  /** Their paths, each once. */
  readonly skippedPaths: readonly string[]
}

/** What is about to be trained. */
export interface RunStart {
  readonly config: RunConfig
  readonly classifier: Classifier
  readonly denoiser: Denoiser
  readonly trainSet: Dataset
  readonly testSet: Dataset
  readonly level: NoiseLevel
  readonly plan: RunPlan
  /** The folder that this process writes; null on every rank but the first. */
  readonly folder: RunFolder | null
  /** Updates that an earlier part of the run has taken; 0 for a new run. */
  readonly stepsDone: number
}

/** How a run ended. */
export type RunEnd = 'finished' | 'interrupted' | 'failed'

/** Something that looks at a run and changes nothing about it. Calls come in the order of the run, one at a time. */
export interface RunWatcher {
  /** Before the first update, when all is loaded and the run folder is there. */
  readonly onStart?: ((start: RunStart) => void | Promise<void>) | undefined
  readonly onUpdate?: ((report: UpdateReport) => void | Promise<void>) | undefined
  /** After each epoch, with the accuracy on the test images. */
  readonly onEpoch?: ((report: EpochReport) => void | Promise<void>) | undefined
  /** Once, whatever happened after `onStart`. */
  readonly onEnd?: ((end: RunEnd) => void | Promise<void>) | undefined
}
