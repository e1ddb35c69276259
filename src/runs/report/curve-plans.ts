import type { EpochReport, UpdateReport } from '../reports'

/** Which curves are drawn of fine-tuning runs. */

export interface Line<Row> {
  /** Tells it from the others of its chart. */
  readonly name: string
  /** null where there is none. */
  readonly value: (row: Row) => number | null
}

export interface CurvePlan<Row> {
  readonly metric: string
  readonly caption: string
  /** Of several, the telling one first: the only one that is drawn where runs are compared. */
  readonly values: Line<Row>['value'] | readonly [Line<Row>, ...Line<Row>[]]
  /** Follows a schedule: there is no noise to smooth away. */
  readonly isExact?: boolean
}

const percent = (share: number) => 100 * share

export const LOSSES: readonly CurvePlan<UpdateReport>[] = [
  {
    metric: 'SCE',
    caption: 'Selective cross-entropy (Eq. 8; Eq. 6 where all images count). Figure 14.',
    values: update => update.selectiveCrossEntropy,
  },
  {
    metric: 'MAdv',
    caption: 'Masked adversarial loss (Eq. 9), before λ. Figure 14.',
    values: update => update.adversarial,
  },
  { metric: 'total', caption: 'Objective (Eq. 10). Figure 14.', values: update => update.loss },
  {
    metric: 'accuracy (%)',
    caption: 'Accuracy on denoised training images, in training mode. Figure 14.',
    values: update => percent(update.denoisedAccuracy),
  },
  {
    metric: '|D_nh| = M (%)',
    caption: 'Share of images whose M denoised images are all kept. Figure 11.',
    values: update => percent(update.allKeptShare),
  },
  {
    metric: 'kept (%)',
    caption: 'Share of denoised images that are kept: not hallucinated.',
    values: update => percent(update.keptShare),
  },
]

export const OPTIMISATION: readonly CurvePlan<UpdateReport>[] = [
  {
    metric: 'learning rate',
    caption: 'Learning rate: of a layer of scale 1, of the first and of the last layer that is trained.',
    values: [
      { name: 'scale 1', value: update => update.learningRate },
      { name: 'first layer', value: update => update.firstLayerLearningRate },
      { name: 'last layer', value: update => update.lastLayerLearningRate },
    ],
    isExact: true,
  },
  {
    metric: 'weight decay',
    caption: 'Weight decay.',
    values: update => update.weightDecay,
    isExact: true,
  },
  {
    metric: 'gradient norm',
    caption: 'Global ℓ2 norm of the gradient.',
    values: [
      { name: 'before clipping', value: update => update.gradientNorm },
      { name: 'after clipping', value: update => update.clippedGradientNorm },
    ],
  },
  {
    metric: 'attack success (%)',
    caption: 'Share of adversarial images that no longer get their label.',
    values: update => (update.attackSuccess === null ? null : percent(update.attackSuccess)),
  },
  {
    metric: 'attacked (%)',
    caption: 'Share of images that are attacked.',
    values: update => percent(update.attackedShare),
  },
  {
    metric: 'attack radius ε',
    caption: 'Attack radius ε, for pixels in [-1, 1].',
    values: update => update.epsilon,
    isExact: true,
  },
]

export const LOSS_SCALE: CurvePlan<UpdateReport> = {
  metric: 'loss scale',
  caption: 'What the loss is multiplied by against underflow.',
  values: update => update.lossScale,
  isExact: true,
}

export const COST: readonly CurvePlan<UpdateReport>[] = [
  { metric: 'images/s', caption: 'Training images a second.', values: update => update.imagesPerSecond },
  {
    metric: 'time of an update (ms)',
    caption: 'Time of an update, and the part of it that torch had no part in.',
    values: [
      { name: 'whole', value: update => update.durationMs },
      { name: 'host', value: update => update.hostMs },
    ],
  },
  {
    metric: 'answers',
    caption: 'Answers of Python to an update.',
    values: update => update.answers,
    isExact: true,
  },
  {
    metric: 'live tensors',
    caption: 'Values that Python holds after an update.',
    values: update => update.liveTensors,
    isExact: true,
  },
]

export const DEVICE: CurvePlan<UpdateReport> = {
  metric: 'GPU memory (GiB)',
  caption: 'The most that tensors have occupied on the device so far.',
  values: update => (update.deviceBytes === null ? null : update.deviceBytes / 2 ** 30),
  isExact: true,
}

export const TEST: readonly CurvePlan<EpochReport>[] = [
  {
    metric: 'denoised accuracy (%)',
    caption: 'Accuracy on denoised test images, one noise each, without votes.',
    values: epoch => percent(epoch.denoised),
    isExact: true,
  },
  {
    metric: 'clean accuracy (%)',
    caption: 'Accuracy on clean test images.',
    values: epoch => percent(epoch.clean),
    isExact: true,
  },
]
