import type { EpochReport, UpdateReport } from '../reports'

/**
 * The scalars of TensorBoard. The part before the slash groups charts: `loss` and `denoised` are the curves of the paper's
 * Figures 11 and 14.
 */

type Scalars<Report> = Readonly<Record<string, (report: Report) => number | null>>

/** After each update. */
export const UPDATE_SCALARS: Scalars<UpdateReport> = {
  'loss/total': report => report.loss,
  'loss/selective_cross_entropy': report => report.selectiveCrossEntropy,
  'loss/masked_adversarial': report => report.adversarial,
  // Most runs have no term of their own, and a line of zeros says nothing.
  'loss/own_term': report => (report.lossTerm === 0 ? null : report.lossTerm),
  'denoised/accuracy': report => report.denoisedAccuracy,
  'denoised/all_kept_share': report => report.allKeptShare,
  'denoised/kept_share': report => report.keptShare,
  'attack/success': report => report.attackSuccess,
  'attack/attacked_share': report => report.attackedShare,
  'attack/epsilon': report => report.epsilon,
  'optimisation/learning_rate': report => report.learningRate,
  'optimisation/learning_rate_first_layer': report => report.firstLayerLearningRate,
  'optimisation/learning_rate_last_layer': report => report.lastLayerLearningRate,
  'optimisation/weight_decay': report => report.weightDecay,
  'optimisation/gradient_norm': report => report.gradientNorm,
  'optimisation/gradient_norm_clipped': report => report.clippedGradientNorm,
  'optimisation/loss_scale': report => report.lossScale,
  'optimisation/step_taken': report => Number(report.taken),
  'cost/images_per_second': report => report.imagesPerSecond,
  'cost/update_ms': report => report.durationMs,
  'cost/host_ms': report => report.hostMs,
  'cost/answers': report => report.answers,
  'cost/live_tensors': report => report.liveTensors,
  'cost/device_gib': report => (report.deviceBytes === null ? null : report.deviceBytes / 2 ** 30),
}

/** After each epoch. */
export const EPOCH_SCALARS: Scalars<EpochReport> = {
  'test/clean_accuracy': report => report.clean,
  'test/denoised_accuracy': report => report.denoised,
  'test/skipped_training_images': report => report.skippedImages,
}

/** The scalars of a report that have a value. */
export function scalarsOf<Report>(scalars: Scalars<Report>, report: Report): Record<string, number> {
  const values: Record<string, number> = {}
  for (const [tag, value] of Object.entries(scalars)) {
    const number = value(report)
    if (number !== null) values[tag] = number
  }
  return values
}

/** Under which the drawings of denoised test images stand. */
export const SAMPLES_TAG = 'samples/kept_and_hallucinated'
