import { ASKS_PREDICTIONS, bySigma, scratch, type Table1Entries } from './entry'

/** As in the repository of Jeong and Shin (2020): batches of 256, 90 epochs, a drop every 30, one epoch late (R, V). */
const train = (cutIn?: number) =>
  scratch({ epochs: 90, learningRate: 0.01, batch: 256, cutIn, dropEvery: 30, late: 1 })

/** PGD of radius 255/256 in 10 steps, with a ramp of 10 epochs (R). */
const PGD = { steps: 10, epsilon: 255 / 256 }

/**
 * M 4, steps of length 1, their number by σ, a ramp of 10 epochs (R). Each σ has four lines; these have eta 5. With eta 1
 * and σ 0.25, 3 steps.
 */
const smoothMix = (mixStep: number) => (sigma: number) => ({
  method: {
    ...{ kind: 'smooth-mix', noises: 4, eta: 5, mixStep, rampEpochs: 10 },
    attack: { steps: bySigma({ 0.25: 2, 0.5: 4, 1: 8 })(sigma), stepLength: 1 },
  },
  optimisation: train(4),
})

/** MNIST, LeNet: pixels in [0, 1] unchanged, no augmentation (R). */
export const MNIST: Table1Entries = {
  gaussian: () => ({ method: { kind: 'gaussian', noises: 1 }, optimisation: train() }),
  // R
  stability: sigma => ({
    method: { kind: 'stability', lambda: bySigma({ 0.25: 2, 0.5: 2, 1: 2 })(sigma) },
    optimisation: train(),
  }),
  // R. Every method of that repository except MACER cuts batches.
  'smooth-adv': () => ({
    method: {
      ...{ kind: 'smooth-adv', noises: 4, trainedNoises: 'all', rampEpochs: 10 },
      attack: { kind: 'pgd', ...PGD },
    },
    optimisation: train(4),
  }),
  // R: deferred until the epoch after the first drop (--deferred: lambda is 0 while epoch <= 30).
  macer: sigma => ({
    method: {
      ...{ kind: 'macer', noises: 16, beta: 16, gamma: 8 },
      lambda: bySigma({ 0.25: 16, 0.5: 16, 1: 6 })(sigma),
      robustnessFromEpoch: 31,
    },
    optimisation: train(),
  }),
  // R
  consistency: sigma => ({
    method: {
      ...{ kind: 'consistency', noises: 2, eta: 0.5 },
      lambda: bySigma({ 0.25: 10, 0.5: 5, 1: 5 })(sigma),
    },
    optimisation: train(2),
  }),
  // R
  'consistency-smooth-adv': () => ({
    method: {
      ...{ kind: 'consistency', noises: 4, lambda: 1, eta: 0.5 },
      attack: { ...PGD, rampEpochs: 10 },
    },
    optimisation: train(4),
  }),
  'smooth-mix': smoothMix(0),
  'smooth-mix-one-step': smoothMix(1),
  // R; lambda L, for σ 0.25 only: the name of its MNIST-C log.
  'cat-rs': sigma => ({
    method: {
      ...{ kind: 'cat-rs', noises: 4, lambda: bySigma({ 0.25: 1 })(sigma) },
      attack: { steps: 4, epsilon: 1 },
      predictions: undefined,
    },
    asks: ASKS_PREDICTIONS,
    optimisation: scratch({
      ...{ epochs: 150, learningRate: 0.01, batch: 256, cutIn: 4 },
      ...{ dropEvery: 50, late: 1 },
    }),
  }),
}
