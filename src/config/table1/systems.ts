import {
  ASKS_PREDICTIONS,
  type Fields,
  scratch,
  type Table1Entries,
  type Table1Entry,
  UNRELEASED_TRAINING,
} from './entry'

/** Methods of Table 1 that do not train a single classifier on noisy images, or have another certificate. */

/**
 * DRT: three members, initialised from `gaussian` or `smooth-adv` networks (`method.weights`), M; the weights of the
 * terms, the noises per image and the optimizer were not established.
 */
const drt = (): Table1Entry => ({
  method: {
    ...{ kind: 'diverse-ensemble', members: 3 },
    ...{ noises: undefined, gradientWeight: undefined, marginWeight: undefined },
  },
  optimisation: UNRELEASED_TRAINING,
})

/** The selector of ACES: thresholds R, from the names of released models; cross-entropy M; its optimisation was not released. */
const acesSelector = (): Table1Entry => ({
  method: { kind: 'selector', noises: 1, threshold: undefined, predictions: undefined },
  optimisation: UNRELEASED_TRAINING,
  classifier: { numClasses: 2 },
  asks: {
    ...ASKS_PREDICTIONS,
    'method.threshold':
      'Published selectors have 0.5 or 0.95; on the command line give --set method.threshold=0.95',
  },
})

/**
 * Denoised Smoothing on CIFAR-10: DnCNN, batches of 256, 90 epochs of Adam at 1e-3, weight decay 1e-4, drops at 31 and
 * 61; 10,000 votes for every 20th image; R, V. Adam's weight decay, which is added to the gradient, is AdamW's here.
 */
const denoised = (method: Fields) => (): Table1Entry => ({
  method: { kind: 'denoiser', ...method },
  denoiser: { source: 'dncnn' },
  optimisation: {
    ...scratch({ epochs: 90, learningRate: 1e-3, batch: 256, dropEvery: 30, late: 1 }),
    optimizer: { kind: 'adamw' },
  },
  classifier: { path: undefined },
  certification: { n: 10_000, images: { every: 20 } },
  asks: ASKS_CLASSIFIER,
})

const ASKS_CLASSIFIER = {
  'classifier.path': 'Give a classifier of the data; on the command line by --classifier',
} as const

/** Score-based denoising (Lee, 2021): noise levels of Table 1; no code was public, so the optimizer is unknown. */
const score = (): Table1Entry => ({
  method: { kind: 'score', sigmas: [0.25, 0.5, 1] },
  denoiser: { source: 'dncnn' },
  optimisation: { ...UNRELEASED_TRAINING, optimizer: { kind: 'adamw' } },
  classifier: { path: undefined },
  asks: ASKS_CLASSIFIER,
})

/** σ of PixelDP per unit of its attack size L at ε 1 and δ 0.05. */
const SIGMA_OF_SIZE = Math.sqrt(2 * Math.log(1.25 / 0.05))

/**
 * PixelDP: batches of 128, 0.1, a drop at update 40,000 (epoch 102), weight decay 2e-4, noise after the first convolution
 * and Parseval steps with β 3e-4, 100 L times rounded up, R. The network is that of the scale; the published ones are
 * wide ResNets. The number of epochs was not established.
 */
const pixelDp = (sigma: number): Table1Entry => ({
  method: {
    ...{ kind: 'pixel-dp', noises: 1 },
    ...{ parsevalBeta: 3e-4, parsevalLoops: Math.ceil((100 * sigma) / SIGMA_OF_SIZE) },
  },
  noiseAfter: 'first-layer',
  optimisation: {
    ...scratch({ epochs: 1, learningRate: 0.1, batch: 128, dropEvery: 102, late: 0, weightDecay: 2e-4 }),
    epochs: undefined,
  },
})

export const CIFAR10_SYSTEMS: Table1Entries = {
  'pixel-dp': pixelDp,
  drt,
  'aces-selector': acesSelector,
  denoised: denoised({ target: 'image' }),
  // M: the published runs start from a denoiser of `denoised` (smoothing.denoiser.path).
  'denoised-stability': denoised({ target: 'prediction' }),
  score,
}

export const IMAGENET_SYSTEMS: Table1Entries = { drt, 'aces-selector': acesSelector }
