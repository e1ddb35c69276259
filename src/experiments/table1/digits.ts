import type { Fields, Table1Entry } from '../../config/table1/entry'

/**
 * Settings on the digits for the systems that train from scratch. None have been published: their form is that of CIFAR-10, and their
 * lengths take at most 40 seconds of one core. The learning rate, and λ, ε, η, ρ₁ or the weight decay, are the best of the eight trials of
 * `table1-tuning`, by mean certified accuracy at 0.25, 0.5 and 0.75 (docs/experiments/table1-tuning).
 */

/** The ResNet that replaces that of Table 17, with random weights. */
const NETWORK = {
  ...{ source: 'timm', name: 'resnet18', pretrained: false, resize: 16 },
  modelArgs: { in_chans: 1, num_classes: 10, layers: [1, 1, 1, 1], channels: [16, 32, 64, 64] },
}

const RAMP_EPOCHS = 5

const SMALL_DNCNN = { denoiser: { source: 'dncnn', depth: 6, width: 32, channels: 1 } } as const

function train(epochs: number, decay = 0.05): Fields {
  return {
    ...{ epochs, warmupEpochs: 2, imagesPerUpdate: 64, learningRate: 4e-3 },
    weightDecay: { start: decay, end: decay },
  }
}

function fromScratch(method: Fields, epochs: number, decay?: number): Table1Entry {
  return { method, optimisation: train(epochs, decay), classifier: NETWORK }
}

type DigitsSystem =
  | 'gaussian'
  | 'stability'
  | 'smooth-adv'
  | 'macer'
  | 'consistency'
  | 'smooth-mix'
  | 'cat-rs'
  | 'diverse-ensemble'
  | 'pixel-dp'

export const DIGITS: Readonly<Record<DigitsSystem, (sigma: number) => Table1Entry>> = {
  gaussian: () => fromScratch({ kind: 'gaussian', noises: 1 }, 30, 0.005),
  stability: () => fromScratch({ kind: 'stability', lambda: 1 }, 24),
  'smooth-adv': sigma =>
    fromScratch(
      {
        ...{ kind: 'smooth-adv', noises: 2, trainedNoises: 'all', rampEpochs: RAMP_EPOCHS },
        attack: { kind: 'pgd', steps: 2, epsilon: sigma },
      },
      16,
    ),
  macer: () =>
    fromScratch({ kind: 'macer', noises: 8, lambda: 0.5, beta: 16, gamma: 8, robustnessFromEpoch: 5 }, 16),
  consistency: () => fromScratch({ kind: 'consistency', noises: 2, lambda: 0.5, eta: 0.5 }, 24),
  'smooth-mix': sigma =>
    fromScratch(
      {
        ...{ kind: 'smooth-mix', noises: 2, eta: 2, mixStep: 0, rampEpochs: RAMP_EPOCHS },
        attack: { steps: 2, stepLength: sigma },
      },
      16,
    ),
  'cat-rs': sigma =>
    fromScratch({ kind: 'cat-rs', noises: 4, lambda: 1, attack: { steps: 2, epsilon: sigma } }, 12),
  'diverse-ensemble': () =>
    fromScratch(
      { kind: 'diverse-ensemble', members: 3, noises: 2, gradientWeight: 0.05, marginWeight: 0.5 },
      12,
    ),
  // All of the noise after 143 of 570 updates.
  'pixel-dp': () => fromScratch({ kind: 'pixel-dp', noises: 1, rampRate: 0.984 }, 30, 0.2),
}

/** Share of ln 10 up to which the classifier's entropy leaves a noisy copy to it: the middle, not tuned. */
export const DIGITS_ENTROPY = 0.5

/** Score-based denoising: the same network, for one of its pixel noise levels. */
export function digitsScore(
  sigma: number,
): Pick<Table1Entry, 'method' | 'optimisation'> & typeof SMALL_DNCNN {
  return { ...SMALL_DNCNN, method: { kind: 'score', sigmas: [sigma] }, optimisation: train(24, 0.2) }
}

/** Denoised Smoothing: a DnCNN, smaller than the published one, in front of the off-the-shelf classifier. */
export const DIGITS_DENOISER = {
  ...SMALL_DNCNN,
  method: { kind: 'denoiser', target: 'prediction' },
  optimisation: train(24, 0.2),
} as const
