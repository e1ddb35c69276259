import { CIFAR10 } from './cifar10'
import { TABLE1_SCALES, type Table1Entries, type Table1Scale } from './entry'
import { IMAGENET } from './imagenet'
import { MNIST } from './mnist'
import { CIFAR10_SYSTEMS, IMAGENET_SYSTEMS } from './systems'

/** The parts of the presets that the help texts need, without the schemas that validate their settings. */

/** The methods of Table 1, with the training data if there are several published runs. */
const SUMMARIES = {
  gaussian: 'noisy images (Cohen et al., 2019)',
  'gaussian-rerun': 'the same, as trained by later papers',
  stability: 'stability training (Li et al., 2019)',
  'smooth-adv': 'adversarial training of the smoothed classifier (Salman et al., 2019)',
  macer: 'maximising the certified radius (Zhai et al., 2020)',
  'macer-rerun': 'the same, as trained by later papers',
  consistency: 'consistency regularization (Jeong and Shin, 2020)',
  'consistency-smooth-adv': 'the same on adversarial images',
  'smooth-mix': 'mixtures with adversarial images (Jeong et al., 2021)',
  'smooth-mix-one-step': 'the same with the one-step adversarial image',
  'cat-rs': 'confidence-aware training (Jeong et al., 2023)',
  'pixel-dp': 'growing noise after the first layer, for the certificate of PixelDP (Lecuyer et al., 2019)',
  drt: 'members of an ensemble, trained together (Yang et al., 2022)',
  'aces-selector': 'the selector of ACES (Horváth et al., 2022)',
  denoised: 'a denoiser with squared error (Salman et al., 2020)',
  'denoised-stability': 'the same with the predictions of a classifier for clean images',
  score: 'one denoiser for several noise levels (Lee, 2021)',
} as const

/** A method, and the scales that have settings for it. */
export interface Table1Preset {
  readonly name: string
  readonly summary: string
  readonly scales: readonly Table1Scale[]
}

/** The training settings of the methods at a scale. */
export const TABLE1_ENTRIES: Readonly<Record<Table1Scale, Table1Entries>> = {
  mnist: MNIST,
  cifar10: { ...CIFAR10, ...CIFAR10_SYSTEMS },
  imagenet: { ...IMAGENET, ...IMAGENET_SYSTEMS },
}

/** `table1.<method>` for each method, with the scales of its settings. */
export const TABLE1_PRESETS: readonly Table1Preset[] = Object.entries(SUMMARIES).map(([method, summary]) => ({
  name: `table1.${method}`,
  summary,
  scales: TABLE1_SCALES.filter(scale => method in TABLE1_ENTRIES[scale]),
}))
