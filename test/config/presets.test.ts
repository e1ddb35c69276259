import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import tables from '../../assets/paper/tables.json'
import { ablations } from '../../src/config/ablations'
import { presets } from '../../src/config/presets'
import { ConfigError } from '../../src/errors'

const paths = { denoiser: 'denoiser.pt', data: 'data', output: 'run' }
const published = tables.table8_hyperparameters
const SIGMAS = ['0.25', '0.50', '1.00'] as const

describe.each(SIGMAS)('presets.cifar10 at sigma %s carries Table 9 and Appendix B', sigma => {
  const { cifar10: table, certification } = published
  const config = presets.cifar10({ ...paths, sigma: Number(sigma) })

  it('method', () => {
    const [epsilon, laterEpsilon, laterEpoch] =
      String(table.epsilon[sigma])
        .match(/[\d.]+/g)
        ?.map(Number) ?? []
    expect(config.smoothing.sigma).toBe(Number(sigma))
    expect(config.method).toEqual({
      kind: 'ft-cadis',
      noises: table.M,
      lambda: table.lambda[sigma],
      attack: {
        steps: table.T,
        epsilon:
          laterEpoch === undefined
            ? epsilon
            : [
                { fromEpoch: 0, epsilon },
                { fromEpoch: laterEpoch, epsilon: laterEpsilon },
              ],
        restandardize: true,
      },
      crossEntropy: 'selected',
      coldStart: true,
      adversarial: 'masked',
      adversarialTarget: 'soft',
      targetGradient: 'live',
      adversarialReduction: 'max',
      updateSelection: true,
    })
    expect(laterEpoch === undefined).toBe(sigma !== '1.00')
  })

  it('optimisation', () => {
    const [start, end] = table.weightDecayStartEnd
    expect(config.optimisation).toEqual({
      epochs: table.epochs,
      stopAfterEpoch: table.earlyStopEpoch,
      warmupEpochs: table.warmupEpochs,
      imagesPerUpdate: table.batchSize,
      imagesPerMicroBatch: 8,
      dropLast: true,
      learningRate: { base: table.baseLearningRate[sigma] },
      optimizer: { kind: 'adamw' },
      schedule: { kind: 'cosine' },
      minLearningRate: 1e-6,
      weightDecay: { start, end },
      decays: 'matrices',
      layerDecay: table.layerDecay,
      normPre: 'first',
      parameterGroups: 'released',
      betas: table.betas,
      clip: { per: 'tensor', norm: table.clipGrad },
    })
    expect(config.tuning.kind).toBe(table.fineTuning)
    expect(table.optimizer).toBe('AdamW')
  })

  it('classifier, denoiser, certification', () => {
    expect(config.classifier).toMatchObject({
      source: 'transformers',
      resize: table.classifierInput,
      dropPath: table.dropPath,
      inputRange: 'symmetric',
    })
    expect(config.smoothing.denoiser).toMatchObject({
      source: 'openai',
      preset: 'cifar10',
      path: 'denoiser.pt',
    })
    expect(config.data).toEqual({ source: 'cifar10', path: 'data', augment: true, hashes: 'any' })
    expect(config.certification).toMatchObject({
      n0: certification.n0,
      n: certification.n.cifar10,
      alpha: certification.alpha,
      images: 'all',
    })
  })
})

describe.each(SIGMAS)('presets.imagenet at sigma %s carries Table 10 and Appendix B', sigma => {
  const { imagenet: table, certification } = published
  const config = presets.imagenet({ ...paths, sigma: Number(sigma), tuning: 'lora' })

  it('method', () => {
    expect(config.smoothing.sigma).toBe(Number(sigma))
    expect(config.method).toMatchObject({
      kind: 'ft-cadis',
      noises: table.M,
      lambda: table.lambda[sigma],
      attack: { steps: table.T, epsilon: table.epsilon, restandardize: true },
      crossEntropy: 'selected',
      adversarial: 'masked',
    })
  })

  it('optimisation', () => {
    const [start, end] = table.weightDecayStartEnd[sigma]
    expect(config.optimisation).toEqual({
      epochs: table.epochs,
      stopAfterEpoch: table.earlyStopEpoch,
      warmupEpochs: table.warmupEpochs,
      imagesPerUpdate: table.batchSize,
      imagesPerMicroBatch: 8,
      dropLast: true,
      learningRate: { base: table.baseLearningRate[sigma] },
      optimizer: { kind: 'adamw' },
      schedule: { kind: 'cosine' },
      minLearningRate: 1e-6,
      weightDecay: { start, end },
      decays: 'matrices',
      layerDecay: table.layerDecay[sigma],
      normPre: 'last',
      parameterGroups: 'released',
      betas: table.betas,
      clip: { per: 'tensor', norm: table.clipGrad },
    })
    expect(config.tuning).toEqual({ kind: 'lora', rank: table.lora.rank, alpha: table.lora.alpha })
  })

  it('classifier, denoiser, certification', () => {
    expect(config.classifier).toMatchObject({
      source: 'timm',
      name: 'vit_base_patch16_clip_384.laion2b_ft_in12k_in1k',
      pretrained: true,
      resize: table.classifierInput,
      dropPath: table.dropPath,
      inputRange: 'symmetric',
    })
    expect(config.smoothing.denoiser).toMatchObject({
      source: 'openai',
      preset: 'imagenet256',
      path: 'denoiser.pt',
    })
    expect(config.data).toMatchObject({ source: 'imagenet', path: 'data', augment: true })
    expect(config.certification).toMatchObject({
      n0: certification.n0,
      n: certification.n.imagenet,
      alpha: certification.alpha,
      images: { onePerClass: true },
      seed: 0,
    })
  })

  it('full fine-tuning differs in what is trained alone', () => {
    const full = presets.imagenet({ ...paths, sigma: Number(sigma), tuning: 'full' })
    expect(full).toEqual({ ...config, tuning: { kind: 'full' } })
  })
})

describe('weights', () => {
  it('are the paper’s by name, or what is given', () => {
    const cifar10 = presets.cifar10({ ...paths, sigma: 0.5 })
    expect(cifar10.classifier).toMatchObject({ path: 'aaraki/vit-base-patch16-224-in21k-finetuned-cifar10' })
    expect(presets.cifar10({ ...paths, sigma: 0.5, classifier: 'mine' }).classifier).toMatchObject({
      path: 'mine',
    })
    const imagenet = presets.imagenet({
      ...paths,
      sigma: 0.5,
      tuning: 'lora',
      classifier: 'mine.safetensors',
    })
    expect(imagenet.classifier).toMatchObject({ path: 'mine.safetensors' })
  })
})

describe('another sigma', () => {
  it('needs the open values, and the error lists those that are missing', () => {
    expect(() => presets.cifar10({ ...paths, sigma: 0.12 })).toThrow(ConfigError)
    expect(() => presets.cifar10({ ...paths, sigma: 0.12 })).toThrow(
      'presets.cifar10: the paper has settings for sigma 0.25, 0.5, 1, got 0.12; expected values for baseLearningRate, lambda, epsilon.',
    )
    expect(() => presets.cifar10({ ...paths, sigma: 0.12, lambda: 1, epsilon: 0.25 })).toThrow(
      'Pass baseLearningRate beside sigma.',
    )
    expect(() => presets.imagenet({ ...paths, sigma: 0.75, tuning: 'lora', lambda: 1 })).toThrow(
      'expected values for baseLearningRate, weightDecay, layerDecay.',
    )
  })

  it('takes them, and the rest of the paper', () => {
    const config = presets.cifar10({
      ...paths,
      sigma: 0.12,
      baseLearningRate: 1e-3,
      lambda: 3,
      epsilon: 0.125,
    })
    const half = presets.cifar10({ ...paths, sigma: 0.5 })
    expect(config).toEqual({
      ...half,
      smoothing: { ...half.smoothing, sigma: 0.12 },
      method: { ...half.method, lambda: 3, attack: { ...half.method.attack, epsilon: 0.125 } },
      optimisation: { ...half.optimisation, learningRate: { base: 1e-3 } },
    })
    const weightDecay = { start: 0.1, end: 0.2 }
    const open = { baseLearningRate: 1e-3, weightDecay, layerDecay: 0.7, lambda: 3 }
    expect(presets.imagenet({ ...paths, sigma: 0.75, tuning: 'lora', ...open }).optimisation).toMatchObject({
      learningRate: { base: 1e-3 },
      weightDecay,
      layerDecay: 0.7,
    })
  })

  it('with published values takes others that are given, zero included', () => {
    const half = presets.cifar10({ ...paths, sigma: 0.5 })
    expect(presets.cifar10({ ...paths, sigma: 0.5, lambda: 0 })).toEqual({
      ...half,
      method: { ...half.method, lambda: 0 },
    })
  })

  it('may be any on the digits', () => {
    const weights = { denoiser: 'denoiser', classifier: 'classifier', output: 'run' }
    expect(presets.digits({ ...weights, sigma: 0.3 }).smoothing.sigma).toBe(0.3)
    expect(presets.digits(weights)).toMatchObject({
      classifier: { source: 'timm', path: 'classifier', dropPath: 0, inputRange: 'symmetric' },
      smoothing: { sigma: 0.75, denoiser: { source: 'diffusers', path: 'denoiser' } },
      method: { noises: 4, lambda: 2, attack: { steps: 2, epsilon: 0.5 } },
      optimisation: {
        epochs: 12,
        warmupEpochs: 1,
        imagesPerUpdate: 64,
        learningRate: 1e-3,
        weightDecay: { start: 0.04, end: 0.4 },
        layerDecay: 1,
        clip: { per: 'tensor', norm: 0.3 },
      },
      certification: { n0: 100, n: 1000, alpha: 0.001 },
    })
  })
})

it('the digits have networks of this package', () => {
  const { smoothing, classifier } = presets.digits({ output: 'run' })
  const { denoiser } = smoothing
  if (denoiser.source !== 'diffusers') throw new Error('The digits have a denoiser of diffusers.')
  expect(existsSync(join(String(denoiser.path), 'diffusion_pytorch_model.safetensors'))).toBe(true)
  expect(existsSync(join(String(classifier.path), 'model.safetensors'))).toBe(true)
})

describe('ablations', () => {
  const config = presets.cifar10({ ...paths, sigma: 0.5 })
  const { table5, table6, table7, table14, table15, shortened } = ablations

  it.each([
    ['Table 5, row 2', table5.withoutSelection, { crossEntropy: 'all' }],
    ['Table 5, row 3', table5.withoutMask, { adversarial: 'all' }],
    ['Table 5, row 4', table5.crossEntropyOnly, { crossEntropy: 'all', adversarial: 'none' }],
    ['Table 6', table6.withoutUpdate, { updateSelection: false }],
    ['Table 7 (a)', table7.hardTarget, { adversarialTarget: 'hard' }],
    ['Table 7 (b)', table7.meanOverNoises, { adversarialReduction: 'mean' }],
    [
      'Table 7 (c)',
      table7.hardTargetMeanOverNoises,
      { adversarialTarget: 'hard', adversarialReduction: 'mean' },
    ],
    ['Table 14', (base: typeof config) => table14(base, 8), { lambda: 8 }],
    ['Table 15', (base: typeof config) => table15(base, 1), { noises: 1 }],
  ] as const)('%s changes one thing', (_, ablation, change) => {
    expect(config.method).not.toMatchObject(change)
    expect(ablation(config)).toEqual({ ...config, method: { ...config.method, ...change } })
  })

  it('there is one for each row of the tables', () => {
    expect(Object.keys(table5)).toHaveLength(tables['table5_cifar10_sigma1.00_objective'].rows.length - 1)
    expect(Object.keys(table7)).toHaveLength(tables['table7_cifar10_sigma0.50_madv'].rows.length - 1)
  })

  it('run for fewer epochs on fewer images, at the doubled epsilon', () => {
    const { ablation, certification } = published
    const short = shortened(config)
    const { epsilonDoubledAfterEpoch: fromEpoch } = ablation
    expect(short).toEqual({
      ...config,
      method: {
        ...config.method,
        attack: {
          ...config.method.attack,
          epsilon: [
            { fromEpoch: 0, epsilon: 0.25 },
            { fromEpoch, epsilon: 0.5 },
          ],
        },
      },
      optimisation: {
        ...config.optimisation,
        epochs: ablation.epochs,
        stopAfterEpoch: ablation.epochs,
        warmupEpochs: ablation.warmupEpochs,
      },
      certification: {
        ...config.certification,
        images: { random: certification.testImages.cifar10_ablations },
      },
    })
    const atOne = presets.cifar10({ ...paths, sigma: 1 })
    expect(shortened(atOne).method).toEqual(atOne.method)
  })
})
