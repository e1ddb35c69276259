import { ASKS_PREDICTIONS, bySigma, type Fields, scratch, type Table1Entries } from './entry'

interface Training {
  readonly batch: number
  readonly cutIn?: number
  readonly late: number
  readonly epochs?: number
}

/** 90 epochs from a learning rate of 0.1, with a drop every 30 (R). */
const train = ({ epochs = 90, ...rest }: Training) =>
  scratch({ epochs, learningRate: 0.1, dropEvery: 30, ...rest })

/** The same without unreleased values. */
const trainWithout = (names: readonly string[], training: Training): Fields => ({
  ...train(training),
  ...Object.fromEntries(names.map(name => [name, undefined])),
})

/** Salman's models subtract the mean and do not divide by the deviation (R). */
const SUBTRACTS_THE_MEAN = { inputRange: { mean: [0.485, 0.456, 0.406], std: [1, 1, 1] } }

/** ImageNet, ResNet-50 with the usual normalisation; random resized crop of 224, mirror (R). */
export const IMAGENET: Table1Entries = {
  // Original of Cohen, R; the re-run of Horváth has batches of 256.
  gaussian: () => ({
    method: { kind: 'gaussian', noises: 1 },
    optimisation: train({ batch: 400, late: 0 }),
  }),
  // L: the settings of the cells of Table 1 for each σ. Batch and ramp were not released (the script's defaults are 256
  // and 1, R).
  'smooth-adv': sigma => ({
    method: {
      ...{ kind: 'smooth-adv', noises: 1, trainedNoises: 'all', rampEpochs: undefined },
      attack: bySigma<Fields>({
        0.25: { kind: 'ddn', steps: 2, epsilon: 2 },
        0.5: { kind: 'pgd', steps: 1, epsilon: 255 / 256 },
        1: { kind: 'pgd', steps: 1, epsilon: 2 },
      })(sigma),
    },
    optimisation: trainWithout(['imagesPerUpdate'], { batch: 256, late: 0 }),
    classifier: SUBTRACTS_THE_MEAN,
  }),
  // 120 epochs L; σ 0.25 T, by a fork of the authors' code with the same scheduler steps; the others were not
  // established.
  macer: sigma => ({
    method: {
      ...{ kind: 'macer', beta: 16, gamma: 8 },
      noises: bySigma({ 0.25: 2 })(sigma),
      lambda: bySigma({ 0.25: 6 })(sigma),
    },
    optimisation: trainWithout(sigma === 0.25 ? [] : ['learningRate', 'imagesPerUpdate'], {
      ...{ batch: 256, late: -1, epochs: 120 },
    }),
    classifier: { inputRange: { mean: [0, 0, 0], std: [1, 1, 1] } },
  }),
  // lambda, eta: R in the re-run of Horváth. Batches of 200: P.
  consistency: sigma => ({
    method: {
      ...{ kind: 'consistency', noises: 2, lambda: bySigma({ 0.25: 10, 0.5: 5, 1: 5 })(sigma) },
      eta: bySigma({ 0.25: 0.5, 0.5: 0.5, 1: 0.1 })(sigma),
    },
    optimisation: train({ batch: 200, cutIn: 2, late: 1 }),
  }),
  // σ 0.5 T: ten epochs of fine-tuning a `gaussian` network from --classifier. No command was released.
  'smooth-mix': sigma => {
    const at = <T>(value: T) => bySigma({ 0.5: value })(sigma)
    return {
      method: {
        ...{ kind: 'smooth-mix', noises: at(1), eta: at(1), mixStep: at(0) },
        attack: { steps: at(1), stepLength: at(8) },
      },
      optimisation: {
        ...trainWithout(['learningRate', 'imagesPerUpdate'], { batch: 256, late: 1 }),
        epochs: at(10),
      },
    }
  },
  // R, V, for σ 1 only: epsilon doubles at epoch 80, and the drop at 85 lasts one epoch, because the scheduler restores
  // its own rate.
  'cat-rs': sigma => {
    const at = <T>(value: T) => bySigma({ 1: value })(sigma)
    return {
      method: {
        ...{ kind: 'cat-rs', noises: at(2), lambda: at(2), confidence: 'predictions' },
        attack: {
          steps: at(1),
          epsilon: at([
            { fromEpoch: 0, epsilon: 1 },
            { fromEpoch: 80, epsilon: 2 },
          ]),
        },
        predictions: undefined,
      },
      asks: ASKS_PREDICTIONS,
      optimisation: {
        ...trainWithout(sigma === 1 ? [] : ['imagesPerUpdate'], { batch: 256, cutIn: 2, late: 1 }),
        schedule: {
          kind: 'listed',
          steps: [
            { fromEpoch: 31, factor: 0.1 },
            { fromEpoch: 61, factor: 0.01 },
            { fromEpoch: 85, factor: 0.001 },
            { fromEpoch: 86, factor: 0.01 },
          ],
        },
      },
    }
  },
}
