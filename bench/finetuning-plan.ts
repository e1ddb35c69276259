import { join } from 'node:path'
import {
  epsilonAt,
  learningRate,
  type ParameterGroup,
  peakLearningRate,
  presets,
  type torch,
  type UpdatePlan,
  weightDecay,
} from '../src'
import { classifierSpec, datasetSpec, denoiserSpec } from '../src/training/specs'

/** What is timed: the updates of the digits fine-tuning with the settings of its preset, numbered from 0. */

const DIGITS = join(__dirname, '..', 'assets', 'digits')

export const CONFIG = presets.digits({
  denoiser: join(DIGITS, 'denoiser'),
  classifier: join(DIGITS, 'classifier'),
  output: 'unused',
})

/** What Python is asked to load. */
export const SPECS = {
  denoiser: denoiserSpec(CONFIG.denoiser),
  classifier: classifierSpec(CONFIG.classifier, CONFIG.tuning),
  data: datasetSpec(CONFIG.data, 'train'),
}

export const LOADER: torch.LoaderOptions = {
  batchSize: CONFIG.optimisation.imagesPerUpdate,
  seed: CONFIG.seed,
  shuffle: true,
  dropLast: true,
  workers: 0,
}

/** What an update has to say; the same on both sides. Means over its images. */
export interface Figures {
  readonly loss: number
  readonly selectiveCrossEntropy: number
  readonly adversarial: number
  readonly gradientNorm: number
  /** How many images were attacked. */
  readonly attacked: number
}

/** One update, and whether an epoch begins with it. */
export interface PlannedUpdate {
  /** The epoch that begins, from 0; `null` within an epoch. */
  readonly startsEpoch: number | null
  readonly plan: UpdatePlan
}

/** The update of a number, as `finetune` plans it. Beyond the last epoch the schedules stay where they ended. */
export function plannedUpdate(
  number: number,
  { groups, updatesPerEpoch }: { groups: readonly ParameterGroup[]; updatesPerEpoch: number },
): PlannedUpdate {
  const { method, optimisation, seed } = CONFIG
  const { imagesPerUpdate, epochs, clip } = optimisation
  const epoch = Math.floor(number / updatesPerEpoch)
  const update = number % updatesPerEpoch
  const epochsDone = epoch + update / updatesPerEpoch
  const rate = learningRate(epochsDone, {
    peak: peakLearningRate(optimisation.learningRate, imagesPerUpdate),
    minimum: optimisation.minLearningRate,
    warmupEpochs: optimisation.warmupEpochs,
    epochs,
  })
  const decay = weightDecay(epochsDone, { ...optimisation.weightDecay, epochs })
  return {
    startsEpoch: update === 0 ? epoch : null,
    plan: {
      objective: {
        ...method,
        attack: { ...method.attack, epsilon: epsilonAt(epoch, method.attack.epsilon) },
      },
      microBatches: 1,
      imagesPerUpdate,
      learningRates: groups.map(group => rate * group.learningRateScale),
      weightDecays: groups.map(group => (group.decays ? decay : 0)),
      clip: clip === 'none' ? null : clip,
      lossScale: 1,
      stream: [seed, 'train', epoch + 1, update + 1],
    },
  }
}
