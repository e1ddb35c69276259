import { join } from 'node:path'
import { ablations } from '../config/ablations'
import { presets } from '../config/presets'
import { parseConfig, type RunConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { given } from '../files/given'
import { trainDigitsResNet } from './digits-resnet'
import type { Scale, ScaleName } from './scale'

export interface ScaleOptions {
  /** Folder of all experiments of the scale. */
  readonly output: string
  /** File or folder of the denoiser. The digits have their own; default for the others: the download of `ft-cadis fetch`. */
  readonly denoiser?: string | undefined
  /** File or folder of the classifier. Default: the paper's, from the hub. */
  readonly classifier?: string | undefined
  /** The checkpoint of the ResNet-110, for Table 17 on CIFAR-10. */
  readonly resnet110?: string | undefined
  /** Folder of the data. The digits have their own; default for the others: the download of `ft-cadis fetch`. */
  readonly data?: string | undefined
}

/** @throws ConfigError for a scale with missing files */
export function makeScale(name: ScaleName, options: ScaleOptions): Scale {
  return { digits, mnist, cifar10, imagenet }[name](options)
}

/** Replaced by the folder of each run. */
const NO_OUTPUT = 'unset'

/** The best values on validation images in `ft-cadis experiment tuning`; all other settings are from the preset. */
const DIGITS_ATTACKS: Readonly<Record<number, { readonly epsilon: number; readonly lambda: number }>> = {
  0.25: { epsilon: 0.25, lambda: 1 },
  0.5: { epsilon: 0.5, lambda: 4 },
  0.75: { epsilon: 0.5, lambda: 4 },
}
const DIGITS_LORA_LEARNING_RATE = 2e-2

function digits({ output }: ScaleOptions): Scale {
  const resnet = join(output, 'networks', 'resnet')
  return {
    name: 'digits',
    title:
      "scikit-learn's 8×8 digits, a vision transformer of 202,186 parameters behind a denoiser of 190,369",
    differs:
      "Not the paper's data, networks or budget: 8×8 grey digits instead of CIFAR-10 or ImageNet, networks of 0.2 M instead of " +
      '86 M parameters and more, 12 epochs of 1,200 images, noise levels that suit these images, n = 1,000 instead of 10,000 or 100,000. ' +
      "Orders can be compared with the paper's, numbers cannot.",
    sigmas: [0.25, 0.5, 0.75],
    ablationSigma: 0.75,
    radii: [0, 0.25, 0.5, 0.75],
    trainImages: 1200,
    dimensions: 64,
    lInfinity: ['2/255', '8/255', '16/255'],
    base: sigma => {
      const config = presets.digits({
        sigma,
        output: NO_OUTPUT,
      })
      const { lambda, epsilon } = { ...config.method, ...config.method.attack, ...DIGITS_ATTACKS[sigma] }
      return parseConfig({
        ...config,
        method: { ...config.method, lambda, attack: { ...config.method.attack, epsilon } },
        certification: { ...config.certification, images: { first: 100 } },
        checkpoints: { keepLast: 1, keepBest: false },
        threads: 1,
      })
    },
    lora: config => withLora(config, DIGITS_LORA_LEARNING_RATE),
    full: config => config,
    convolutional: config =>
      parseConfig({
        ...config,
        classifier: { source: 'timm', path: resnet, inputRange: 'symmetric', resize: 16 },
      }),
    preparations: [
      {
        label: 'small ResNet on clean digits',
        folder: resnet,
        prepare: session => trainDigitsResNet(session, resnet),
      },
    ],
  }
}

/** For the experiment `table1`: training from scratch on noisy images. */
function mnist({ data }: ScaleOptions): Scale {
  const { data: path } = required('mnist', { data })
  return {
    name: 'mnist',
    title: 'MNIST, a LeNet on noisy images',
    differs:
      "The settings are those of the released code for MNIST, which the paper's Table 1 does not have. MNIST has no denoiser here: " +
      'the systems behind one are left out, FT-CADIS too.',
    sigmas: [0.25, 0.5, 1],
    radii: [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5],
    trainImages: 60_000,
    dimensions: 784,
    lInfinity: ['2/255'],
    base: sigma => {
      const config = presets.table1.gaussian({ scale: 'mnist', sigma, data: path, output: NO_OUTPUT })
      return { ...config, certification: { ...config.certification, images: { random: 1000 } } }
    },
    lora: config => parseConfig({ ...config, tuning: { kind: 'lora' } }),
    full: config => config,
  }
}

function cifar10({ denoiser, classifier, data, resnet110 }: ScaleOptions): Scale {
  const files = { ...required('cifar10', { data }), ...given({ denoiser, classifier }) }
  return {
    name: 'cifar10',
    title: 'CIFAR-10, ViT-B/16 behind the improved-diffusion denoiser',
    differs: "The paper's data, networks and settings; what its text leaves open follows the released code.",
    sigmas: [0.25, 0.5, 1],
    radii: [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5],
    trainImages: 50_000,
    dimensions: 3072,
    lInfinity: ['2/255'],
    base: (sigma, { isAblation }) => {
      const config = presets.cifar10({
        sigma,
        ...files,
        output: NO_OUTPUT,
      })
      return isAblation ? ablations.shortened(config) : config
    },
    lora: config => parseConfig({ ...config, tuning: { kind: 'lora' } }),
    full: config => config,
    convolutional: config => ablations.table17(config, required('cifar10', { path: resnet110 }, 'resnet110')),
  }
}

function imagenet({ denoiser, classifier, data }: ScaleOptions): Scale {
  const files = { ...required('imagenet', { data }), ...given({ denoiser, classifier }) }
  const base = (sigma: number, tuning: 'lora' | 'full') =>
    presets.imagenet({ sigma, tuning, ...files, output: NO_OUTPUT })
  return {
    name: 'imagenet',
    title: 'ImageNet, CLIP ViT-B/16 at 384 pixels behind the guided-diffusion denoiser',
    differs: "The paper's data, networks and settings; what its text leaves open follows the released code.",
    sigmas: [0.25, 0.5, 1],
    radii: [0, 0.5, 1, 1.5, 2, 2.5],
    trainImages: 1_281_167,
    dimensions: 150_528,
    lInfinity: ['2/255'],
    base: sigma => base(sigma, 'lora'),
    lora: config => config,
    full: config => parseConfig({ ...config, tuning: { kind: 'full' } }),
  }
}

/** LoRA of rank and alpha 4 with its own learning rate. */
export function withLora(config: RunConfig, learningRate: number): RunConfig {
  return parseConfig({
    ...config,
    tuning: { kind: 'lora' },
    optimisation: { ...config.optimisation, learningRate },
  })
}

function required<Key extends string>(
  scale: ScaleName,
  files: Readonly<Record<Key, string | undefined>>,
  option?: string,
): Record<Key, string> {
  const missing = Object.entries(files).flatMap(([name, path]) =>
    path === undefined ? [option ?? name] : [],
  )
  if (missing.length === 0) return files as Record<Key, string>
  throw new ConfigError(`The scale ${scale} needs ${missing.join(' and ')}, which nothing names.`, {
    remedy: `Give ${missing.map(name => `--${name}`).join(' and ')}.`,
  })
}
