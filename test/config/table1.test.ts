import { describe, expect, it } from 'vitest'
import { ConfigError, presets, type RunConfig } from '../../src'
import { imagesPerUpdateOf } from '../../src/config/cut-batch'
import {
  NAMED_PRESETS,
  namedPreset,
  PRESET_NAMES,
  TRAINING_PRESET_NAMES,
} from '../../src/config/named-presets'
import { TABLE1_PRESETS, type Table1Scale } from '../../src/config/table1'
import { optimiserSchedule } from '../../src/training/hyperparameters'

const VALUES = { data: 'data', output: 'out' }
const PREDICTIONS = { method: { predictions: 'labels.jsonl' } }

function at(method: string, scale: Table1Scale, sigma: number, above: object = {}): RunConfig {
  return namedPreset(`table1.${method}`, scale).config({ ...VALUES, sigma, above: { ...above } })
}

/** The learning rate of an epoch, counted from 0, over that of the first one. */
function learningRateFactor(optimisation: RunConfig['optimisation'], epoch: number): number {
  const rateAt = (epochsDone: number) => optimiserSchedule(epochsDone, { optimisation }).learningRate
  return rateAt(epoch) / rateAt(0)
}

/** What the released code of a batch of L images under M noises makes of it. */
const cut = (images: number, noises: number) => imagesPerUpdateOf({ images, noises })

describe('a preset table1.<method>', () => {
  it('is of its name, and the presets of off-the-shelf networks are none', () => {
    expect(TABLE1_PRESETS.map(({ name }) => name)).toEqual([
      'table1.gaussian',
      'table1.gaussian-rerun',
      'table1.stability',
      'table1.smooth-adv',
      'table1.macer',
      'table1.macer-rerun',
      'table1.consistency',
      'table1.consistency-smooth-adv',
      'table1.smooth-mix',
      'table1.smooth-mix-one-step',
      'table1.cat-rs',
      'table1.pixel-dp',
      'table1.drt',
      'table1.aces-selector',
      'table1.denoised',
      'table1.denoised-stability',
      'table1.score',
    ])
    expect(TRAINING_PRESET_NAMES).toEqual([...PRESET_NAMES, ...TABLE1_PRESETS.map(({ name }) => name)])
    expect(NAMED_PRESETS.some(({ name }) => name.startsWith('table1'))).toBe(false)
  })

  it('has the same settings as presets.table1.<method>, which every method has', () => {
    const words = TABLE1_PRESETS.map(({ name }) => name.replace('table1.', ''))
    const camel = (word: string) => word.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    expect(Object.keys(presets.table1)).toEqual(words.map(camel))
    const options = { scale: 'mnist', sigma: 0.5, ...VALUES } as const
    expect(presets.table1.smoothAdv(options)).toEqual(at('smooth-adv', 'mnist', 0.5))
    const above = { method: { ...PREDICTIONS.method, lambda: 0.5 } }
    expect(presets.table1.catRs({ ...options, settings: above })).toEqual(at('cat-rs', 'mnist', 0.5, above))
    expect(() => presets.table1.catRs(options)).toThrow('give method.lambda')
  })

  it.each([
    ['mnist', { source: 'lenet', inputRange: { mean: [0], std: [1] } }],
    ['cifar10', { source: 'resnet110', inputRange: { std: [0.2023, 0.1994, 0.201] } }],
    [
      'imagenet',
      { source: 'timm', name: 'resnet50', pretrained: false, modelArgs: { zero_init_last: false } },
    ],
  ] as const)(
    'trains the network of %s from scratch on noisy images by SGD, and leaves no image out',
    (scale, classifier) => {
      const config = at('gaussian', scale, 0.5)
      expect(config).toMatchObject({
        smoothing: { sigma: 0.5, denoiser: { source: 'none' } },
        classifier,
        tuning: { kind: 'full' },
        data: { source: scale, path: 'data' },
        certification: { n0: 100, n: 100_000, alpha: 0.001 },
        autocast: 'none',
      })
      expect(config.classifier).not.toHaveProperty('path')
      expect(config.optimisation).toMatchObject({
        optimizer: { kind: 'sgd', momentum: 0.9 },
        weightDecay: { start: 1e-4, end: 1e-4 },
        ...{ decays: 'all', dropLast: false, clip: 'none' },
      })
    },
  )

  // The schedules that running the authors' code gave: factor and epochs.
  it.each([
    ['gaussian', 'cifar10', 0.5, [30, 60]],
    ['gaussian-rerun', 'cifar10', 0.5, [51, 101]],
    ['gaussian', 'mnist', 0.5, [31, 61]],
    ['macer', 'cifar10', 0.25, [199, 399]],
    ['consistency', 'imagenet', 0.5, [31, 61]],
  ] as const)(
    '%s (%s) drops its learning rate where the released code does',
    (method, scale, sigma, drops) => {
      const { optimisation } = at(method, scale, sigma)
      const factors = Array.from({ length: optimisation.epochs }, (_, epoch) =>
        learningRateFactor(optimisation, epoch),
      )
      const found = factors.flatMap((factor, epoch) =>
        epoch > 0 && factor !== factors[epoch - 1] ? [epoch] : [],
      )
      expect(found).toEqual(drops)
      expect(factors.at(-1)).toBeCloseTo(0.01, 10)
    },
  )

  it('drops for one epoch where the scheduler of CAT-RS restores its own rate', () => {
    const { optimisation, method } = at('cat-rs', 'imagenet', 1, PREDICTIONS)
    const factors = [30, 31, 60, 61, 84, 85, 86, 89].map(epoch => learningRateFactor(optimisation, epoch))
    expect(factors.map(factor => Number(factor.toPrecision(6)))).toEqual([
      ...[1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.01, 0.01],
    ])
    expect(method).toMatchObject({ lambda: 2, confidence: 'predictions', noises: 2 })
  })

  it.each([
    ['mnist', 'stability', 1, { lambda: 2 }, 256],
    [
      'mnist',
      'smooth-adv',
      0.5,
      { noises: 4, rampEpochs: 10, attack: { steps: 10, epsilon: 255 / 256 } },
      cut(256, 4),
    ],
    ['mnist', 'macer', 0.5, { noises: 16, beta: 16, gamma: 8, lambda: 16, robustnessFromEpoch: 31 }, 256],
    ['mnist', 'macer', 1, { lambda: 6 }, 256],
    ['mnist', 'consistency', 0.25, { noises: 2, lambda: 10, eta: 0.5, attack: null }, cut(256, 2)],
    ['mnist', 'consistency', 1, { lambda: 5 }, cut(256, 2)],
    [
      'mnist',
      'consistency-smooth-adv',
      0.5,
      { noises: 4, lambda: 1, attack: { rampEpochs: 10, order: 'project-first' } },
      cut(256, 4),
    ],
    [
      'mnist',
      'smooth-mix',
      0.25,
      { noises: 4, eta: 5, mixStep: 0, attack: { steps: 2, stepLength: 1 } },
      cut(256, 4),
    ],
    ['mnist', 'smooth-mix-one-step', 1, { mixStep: 1, attack: { steps: 8 } }, cut(256, 4)],
    ['mnist', 'cat-rs', 0.25, { noises: 4, lambda: 1, attack: { steps: 4, epsilon: 1 } }, cut(256, 4)],
    ['cifar10', 'gaussian', 1, { kind: 'gaussian', noises: 1 }, 400],
    ['cifar10', 'stability', 1, { lambda: 1 }, 256],
    ['cifar10', 'smooth-adv', 0.5, { noises: 8, attack: { steps: 10, epsilon: 1 } }, cut(256, 8)],
    ['cifar10', 'smooth-adv', 1, { noises: 2, attack: { epsilon: 2 } }, cut(256, 2)],
    ['cifar10', 'macer', 0.5, { lambda: 4, robustnessFromEpoch: 0 }, 64],
    ['cifar10', 'macer-rerun', 1, { lambda: 12, robustnessFromEpoch: 51 }, 64],
    ['cifar10', 'consistency', 0.25, { lambda: 20, eta: 0.5 }, cut(256, 2)],
    ['cifar10', 'consistency-smooth-adv', 0.25, { noises: 4, lambda: 2 }, cut(256, 4)],
    ['cifar10', 'smooth-mix', 1, { noises: 2, eta: 5, attack: { steps: 4, stepLength: 2 } }, cut(256, 2)],
    ['cifar10', 'cat-rs', 0.25, { noises: 4, lambda: 0.5 }, cut(256, 4)],
    ['imagenet', 'gaussian', 0.5, { noises: 1 }, 400],
    ['imagenet', 'consistency', 1, { lambda: 5, eta: 0.1 }, cut(200, 2)],
    ['imagenet', 'macer', 0.25, { noises: 2, lambda: 6 }, 256],
    ['imagenet', 'cat-rs', 1, { noises: 2, attack: { steps: 1 } }, cut(256, 2)],
  ] as const)('%s %s at σ %s has the settings of its source', (scale, name, sigma, method, images) => {
    const config = at(name, scale, sigma, name === 'cat-rs' ? PREDICTIONS : {})
    expect(config.method).toMatchObject(method)
    expect(config.optimisation.imagesPerUpdate).toBe(images)
  })

  it('has another input where the models of its source have', () => {
    expect(at('macer', 'cifar10', 0.5).classifier.inputRange).toEqual({ mean: [0, 0, 0], std: [1, 1, 1] })
    const released = { method: { rampEpochs: 1 }, optimisation: { imagesPerUpdate: 256 } }
    expect(at('smooth-adv', 'imagenet', 1, released).classifier.inputRange).toEqual({
      ...{ mean: [0.485, 0.456, 0.406], std: [1, 1, 1] },
    })
  })

  it('asks for what was not released by name, and takes it', () => {
    expect(() => at('smooth-adv', 'imagenet', 0.5)).toThrow(
      'The preset table1.smooth-adv (imagenet) at sigma 0.5: not released: give method.rampEpochs and optimisation.imagesPerUpdate.',
    )
    const above = { method: { rampEpochs: 3 }, optimisation: { imagesPerUpdate: 64 } }
    expect(at('smooth-adv', 'imagenet', 0.5, above)).toMatchObject(above)
    expect(() => at('smooth-adv', 'imagenet', 0.5, { method: { rampEpochs: 3 } })).toThrow(
      /not released: give optimisation.imagesPerUpdate\. On the command line by --set optimisation.imagesPerUpdate=/,
    )
    expect(() => at('cat-rs', 'mnist', 0.5, PREDICTIONS)).toThrow(/give method.lambda\./)
    expect(() => at('macer', 'imagenet', 0.5)).toThrow(
      'give method.noises, method.lambda, optimisation.learningRate and optimisation.imagesPerUpdate.',
    )
    // Of a σ without a published run nothing is guessed.
    expect(() => at('stability', 'cifar10', 0.12)).toThrow('not released: give method.lambda.')
    expect(() => at('smooth-adv', 'cifar10', 0.12)).toThrow(
      'give method.noises, method.attack.epsilon and optimisation.imagesPerUpdate.',
    )
    expect(at('gaussian', 'cifar10', 0.12).method).toEqual({ kind: 'gaussian', noises: 1 })
  })

  it('trains the other systems of the table, and asks for what of them is not known', () => {
    const optimisation = {
      epochs: 90,
      learningRate: 0.1,
      imagesPerUpdate: 64,
      weightDecay: { start: 0, end: 0 },
    }
    expect(() => at('pixel-dp', 'cifar10', 0.25)).toThrow('not released: give optimisation.epochs.')
    expect(at('pixel-dp', 'cifar10', 0.25, { optimisation: { epochs: 200 } })).toMatchObject({
      method: { kind: 'pixel-dp', noises: 1, rampRate: 0.99975, parsevalBeta: 3e-4, parsevalLoops: 10 },
      smoothing: { noiseAfter: 'first-layer' },
      optimisation: { imagesPerUpdate: 128, weightDecay: { start: 2e-4 }, schedule: { everyEpochs: 102 } },
    })
    expect(() => at('drt', 'imagenet', 0.5, { optimisation })).toThrow(
      'not released: give method.noises, method.gradientWeight and method.marginWeight.',
    )
    const drt = { noises: 2, gradientWeight: 0.2, marginWeight: 2 }
    expect(at('drt', 'cifar10', 0.5, { method: drt, optimisation }).method).toMatchObject({
      members: 3,
      ...drt,
    })
    expect(() => at('aces-selector', 'cifar10', 0.5, { optimisation })).toThrow(
      /is missing method.threshold and method.predictions\. Published selectors have 0.5 or 0.95; .*soft-labels/,
    )
    const selector = { threshold: 0.95, predictions: 'labels.jsonl' }
    expect(at('aces-selector', 'imagenet', 0.5, { method: selector, optimisation })).toMatchObject({
      classifier: { source: 'timm', name: 'resnet50', numClasses: 2 },
      method: { kind: 'selector', noises: 1, ...selector },
    })
    expect(() => at('denoised', 'cifar10', 0.5)).toThrow(
      'is missing classifier.path. Give a classifier of the data; on the command line by --classifier.',
    )
    const behind = { classifier: { path: 'clean.pt' } }
    const denoised = at('denoised', 'cifar10', 0.5, behind)
    expect(denoised).toMatchObject({
      smoothing: { sigma: 0.5, denoiser: { source: 'dncnn', depth: 17, width: 64, channels: 3 } },
      classifier: { source: 'resnet110', ...behind.classifier },
      method: { kind: 'denoiser', target: 'image' },
      certification: { n: 10_000, images: { every: 20 } },
    })
    const rates = [30, 31, 60, 61].map(epoch => learningRateFactor(denoised.optimisation, epoch))
    expect(rates.map(rate => Number(rate.toPrecision(6)))).toEqual([1, 0.1, 0.1, 0.01])
    expect(at('denoised-stability', 'cifar10', 0.5, behind).method).toMatchObject({ target: 'prediction' })
    expect(at('score', 'cifar10', 0.5, { ...behind, optimisation }).method).toEqual({
      ...{ kind: 'score', sigmas: [0.25, 0.5, 1] },
    })
  })

  it('asks for the predictions of CAT-RS, for data and for a scale', () => {
    expect(() => at('cat-rs', 'cifar10', 0.5)).toThrow(
      /is missing method.predictions\. Make the file by `ft-cadis soft-labels`/,
    )
    expect(() => namedPreset('table1.macer', 'mnist').config({ sigma: 0.5, output: 'out' })).toThrow(
      /table1.macer \(mnist\) is missing data\. .*--data/,
    )
    const digits = { data: { source: 'digits' } }
    expect(at('gaussian', 'cifar10', 0.5, digits).data.source).toBe('digits')
    expect(
      namedPreset('table1.gaussian', 'mnist').config({ sigma: 0.5, output: 'out', above: digits }).data,
    ).toEqual({ source: 'digits' })
    expect(() => namedPreset('table1.macer')).toThrow(
      'The preset table1.macer has settings for the scales mnist, cifar10, imagenet, got none. Give one of these; on the command line by --scale.',
    )
    expect(() => namedPreset('table1.stability', 'imagenet')).toThrow(
      'for the scales mnist, cifar10, got imagenet.',
    )
    expect(() => namedPreset('digits', 'mnist')).toThrow('The preset digits has one scale, got mnist.')
    expect(() => namedPreset('table1.mcaer', 'mnist')).toThrow(ConfigError)
    expect(() => namedPreset('table1.mcaer', 'mnist')).toThrow(/Did you mean "table1.macer"\?/)
  })
})
