import { ASKS_PREDICTIONS, bySigma, scratch, type Table1Entries } from './entry'

/** The repositories of Jeong and of CAT-RS: batches of 256, 150 epochs, a drop every 50, one epoch late (R, V). */
const train = ({
  batch = 256,
  cutIn,
}: {
  readonly batch?: number
  readonly cutIn?: number | undefined
} = {}) => scratch({ epochs: 150, learningRate: 0.1, batch, cutIn, dropEvery: 50, late: 1 })

/**
 * The original SmoothMix (R): M 2, 4 steps, eta 5, a ramp of 10 epochs. The re-run of CAT-RS has the one-step adversary
 * at σ 0.5 and 1.
 */
const smoothMix = (mixStep: number) => (sigma: number) => ({
  method: {
    ...{ kind: 'smooth-mix', noises: 2, eta: 5, mixStep, rampEpochs: 10 },
    attack: { steps: 4, stepLength: bySigma({ 0.25: 0.5, 0.5: 1, 1: 2 })(sigma) },
  },
  optimisation: train({ cutIn: 2 }),
})

/** Training with cut batches. If no M is published for σ, the images per update are required as well. */
const cut = (noises: number | undefined) =>
  noises === undefined ? { ...train(), imagesPerUpdate: undefined } : train({ cutIn: noises })

/** CIFAR-10, ResNet-110 with the usual normalisation; crop with padding 4, mirror (R). */
export const CIFAR10: Table1Entries = {
  // Original of Cohen, R.
  gaussian: () => ({
    method: { kind: 'gaussian', noises: 1 },
    optimisation: scratch({ epochs: 90, learningRate: 0.1, batch: 400, dropEvery: 30, late: 0 }),
  }),
  // Re-run of CAT-RS, R.
  'gaussian-rerun': () => ({ method: { kind: 'gaussian', noises: 1 }, optimisation: train() }),
  // Re-run of CAT-RS, R; the original is in TensorFlow with another network.
  stability: sigma => ({
    method: { kind: 'stability', lambda: bySigma({ 0.25: 2, 0.5: 2, 1: 1 })(sigma) },
    optimisation: train(),
  }),
  // Re-run of CAT-RS, R. Salman uses another setting for each cell of Table 1 (docs/training-methods.md).
  'smooth-adv': sigma => {
    const noises = bySigma({ 0.25: 4, 0.5: 8, 1: 2 })(sigma)
    return {
      method: {
        ...{ kind: 'smooth-adv', noises, trainedNoises: 'all', rampEpochs: 10 },
        attack: { kind: 'pgd', steps: 10, epsilon: bySigma({ 0.25: 1, 0.5: 1, 1: 2 })(sigma) },
      },
      optimisation: cut(noises),
    }
  },
  // The original: pixels in [0, 1] unchanged, drops at 200 and 400, one early (R, V). lambda: R at σ 0.25, else M;
  // deferral M.
  macer: sigma => ({
    method: {
      ...{ kind: 'macer', noises: 16, beta: 16, gamma: 8 },
      lambda: bySigma({ 0.25: 12, 0.5: 4, 1: 12 })(sigma),
      robustnessFromEpoch: bySigma({ 0.25: 0, 0.5: 0, 1: 199 })(sigma),
    },
    optimisation: scratch({
      ...{ epochs: 440, learningRate: 0.01, batch: 64, weightDecay: 5e-4 },
      ...{ dropEvery: 200, late: -1 },
    }),
    classifier: { inputRange: { mean: [0, 0, 0], std: [1, 1, 1] } },
  }),
  // Re-run of CAT-RS, R: deferred at σ 1 only, 51 epochs (lambda is 0 while epoch <= 50).
  'macer-rerun': sigma => ({
    method: {
      ...{ kind: 'macer', noises: 16, beta: 16, gamma: 8 },
      lambda: bySigma({ 0.25: 12, 0.5: 6, 1: 12 })(sigma),
      robustnessFromEpoch: bySigma({ 0.25: 0, 0.5: 0, 1: 51 })(sigma),
    },
    optimisation: train({ batch: 64 }),
  }),
  // R
  consistency: sigma => ({
    method: {
      ...{ kind: 'consistency', noises: 2, eta: 0.5 },
      lambda: bySigma({ 0.25: 20, 0.5: 10, 1: 10 })(sigma),
    },
    optimisation: train({ cutIn: 2 }),
  }),
  // L: names of the certification logs in the Consistency repository (salman_<256 epsilon>_<steps>_<ramp>/num_<M>/lbd_<lambda>/eta_0.5).
  'consistency-smooth-adv': sigma => {
    const noises = bySigma({ 0.25: 4, 0.5: 2, 1: 2 })(sigma)
    return {
      method: {
        ...{ kind: 'consistency', noises, eta: 0.5, lambda: bySigma({ 0.25: 2, 0.5: 1, 1: 1 })(sigma) },
        attack: {
          ...{ steps: 10, rampEpochs: 10 },
          epsilon: bySigma({ 0.25: 255 / 256, 0.5: 2, 1: 2 })(sigma),
        },
      },
      optimisation: cut(noises),
    }
  },
  'smooth-mix': smoothMix(0),
  'smooth-mix-one-step': smoothMix(1),
  // R: no ramp.
  'cat-rs': sigma => ({
    method: {
      ...{ kind: 'cat-rs', noises: 4, lambda: bySigma({ 0.25: 0.5, 0.5: 1, 1: 2 })(sigma) },
      attack: { steps: 4, epsilon: 1 },
      predictions: undefined,
    },
    optimisation: train({ cutIn: 4 }),
    asks: ASKS_PREDICTIONS,
  }),
}
