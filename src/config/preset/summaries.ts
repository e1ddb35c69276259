import { TABLE1_PRESETS } from '../table1/summaries'
import type { OpenValue } from './values'

/** The parts of a preset that the help texts need, without the schemas that validate its settings. */
export interface PresetSummary {
  readonly name: string
  readonly summary: string
  /** The values that a σ without published settings needs. */
  readonly takes: readonly OpenValue[]
}

const IMAGENET_TAKES: readonly OpenValue[] = ['baseLearningRate', 'weightDecay', 'layerDecay', 'lambda']

/** The presets of off-the-shelf networks, ordered by size. */
export const PRESET_SUMMARIES = {
  digits: {
    name: 'digits',
    summary: 'a small ViT on the 8×8 digits of scikit-learn, on any laptop',
    takes: [],
  },
  cifar10: {
    name: 'cifar10',
    summary: 'CIFAR-10: every weight of a ViT-B/16 (Table 9)',
    takes: ['baseLearningRate', 'lambda', 'epsilon'],
  },
  'imagenet.lora': {
    name: 'imagenet.lora',
    summary: 'ImageNet: LoRA on a CLIP ViT-B/16 (Table 10)',
    takes: IMAGENET_TAKES,
  },
  'imagenet.full': {
    name: 'imagenet.full',
    summary: 'ImageNet: every weight of the same network (Table 16)',
    takes: IMAGENET_TAKES,
  },
  'denoiser.diffusion': {
    name: 'denoiser.diffusion',
    summary:
      'your own denoiser: a small diffusion UNet on a folder of images (docs/denoiser-for-your-images.md)',
    takes: [],
  },
} as const satisfies Readonly<Record<string, PresetSummary>>

/** Names of earlier versions, and their replacements. */
export const PRESET_ALIASES: Readonly<Record<string, string>> = { imagenet: 'imagenet.lora' }

/** Every preset name, aliases last. */
export const PRESET_NAMES: readonly string[] = [
  ...Object.keys(PRESET_SUMMARIES),
  ...Object.keys(PRESET_ALIASES),
]

/** Every preset for training: those of off-the-shelf networks, and those that train from scratch. */
export const TRAINING_PRESET_NAMES: readonly string[] = [
  ...PRESET_NAMES,
  ...TABLE1_PRESETS.map(({ name }) => name),
]
