import type { MetricDescription, MetricTable, MetricValues } from '../objectives/metrics'
import type { EpochReport, UpdateReport } from './reports'

/** The metrics of every run, whatever its objective. They are shown like the objective's own. */
export const TRAINER_METRICS = {
  loss: {
    label: 'loss',
    caption: 'Loss of the update, the sum of its parts.',
    tag: 'loss/total',
    isHeadline: true,
  },
  lossTerm: { label: 'own term', caption: 'Loss term of a script.', tag: 'loss/own_term' },
  learningRate: {
    label: 'learning rate',
    caption: 'Learning rate: of a layer of scale 1, of the first and of the last layer that is trained.',
    tag: 'optimisation/learning_rate',
    isExact: true,
  },
  firstLayerLearningRate: {
    label: 'first layer',
    caption: 'Learning rate of the first layer that is trained.',
    tag: 'optimisation/learning_rate_first_layer',
    isExact: true,
  },
  lastLayerLearningRate: {
    label: 'last layer',
    caption: 'Learning rate of the last layer.',
    tag: 'optimisation/learning_rate_last_layer',
    isExact: true,
  },
  weightDecay: {
    label: 'weight decay',
    caption: 'Weight decay.',
    tag: 'optimisation/weight_decay',
    isExact: true,
  },
  gradientNorm: {
    label: 'gradient norm',
    caption: 'Global ℓ2 norm of the gradient.',
    tag: 'optimisation/gradient_norm',
  },
  clippedGradientNorm: {
    label: 'after clipping',
    caption: 'Global ℓ2 norm of the gradient after clipping.',
    tag: 'optimisation/gradient_norm_clipped',
  },
  lossScale: {
    label: 'loss scale',
    caption: 'What the loss is multiplied by against underflow.',
    tag: 'optimisation/loss_scale',
    isExact: true,
  },
  taken: {
    label: 'step taken',
    caption: 'Whether the optimizer step was taken.',
    tag: 'optimisation/step_taken',
    isExact: true,
  },
  imagesPerSecond: {
    label: 'images/s',
    caption: 'Training images a second.',
    tag: 'cost/images_per_second',
  },
  durationMs: {
    label: 'time of an update (ms)',
    caption: 'Time of an update, and the part of it that was not spent inside torch.',
    tag: 'cost/update_ms',
  },
  hostMs: { label: 'host', caption: 'Time of an update outside torch.', tag: 'cost/host_ms' },
  roundTrips: {
    label: 'round trips',
    caption: 'Messages to Python and back in an update.',
    tag: 'cost/round_trips',
    isExact: true,
  },
  liveTensors: {
    label: 'live tensors',
    caption: 'Values that Python holds after an update.',
    tag: 'cost/live_tensors',
    isExact: true,
  },
  deviceGib: {
    label: 'GPU memory (GiB)',
    caption: 'The most that tensors have occupied on the device so far.',
    tag: 'cost/device_gib',
    isExact: true,
  },
} as const satisfies MetricTable

/** The number of every evaluation in addition to those of the objective. */
export const SKIPPED_IMAGES: MetricDescription = {
  label: 'corrupt training images so far',
  caption: 'Corrupt training images that others have stood in for, since the run began.',
  tag: 'test/skipped_training_images',
  isExact: true,
}

/** Returns every number of an update, by key. */
export function valuesOfUpdate(report: UpdateReport): MetricValues {
  const { lossTerm, taken, deviceBytes } = report
  const own: { readonly [key in keyof typeof TRAINER_METRICS]: number | null } = {
    ...report,
    // Most runs have no extra term, and a line of zeros is useless.
    lossTerm: lossTerm === 0 ? null : lossTerm,
    taken: Number(taken),
    deviceGib: deviceBytes === null ? null : deviceBytes / 2 ** 30,
  }
  return {
    ...Object.fromEntries(
      Object.keys(TRAINER_METRICS).map(key => [key, own[key as keyof typeof TRAINER_METRICS]]),
    ),
    ...report.metrics,
  }
}

/** Returns every number of an epoch, by key. */
export function valuesOfEpoch({ metrics, skippedImages }: EpochReport): MetricValues {
  return { ...metrics, skippedImages }
}
