import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { METHOD_KINDS } from '../../src/config/methods'
import {
  certificationOf,
  certificationRunSchema,
  parseCertificationConfig,
  parseUnknownConfig,
  type RunConfigInput,
  requireMethod,
  runSchema,
} from '../../src/config/schema'
import { ConfigError } from '../../src/errors'

const minimal: RunConfigInput = {
  smoothing: { sigma: 0.75, denoiser: { source: 'diffusers', path: 'denoiser' } },
  classifier: { source: 'timm', name: 'vit_tiny_patch16_224' },
  data: { source: 'digits' },
  method: { noises: 4, lambda: 2, attack: { steps: 2, epsilon: 0.5 } },
  optimisation: {
    epochs: 12,
    imagesPerUpdate: 64,
    learningRate: 1e-3,
    weightDecay: { start: 0.04, end: 0.4 },
  },
  output: 'runs/digits',
}

/** The minimal configuration with the values at some dotted names replaced; undefined removes the field. */
function withFields(changes: Record<string, unknown>): unknown {
  const config = structuredClone(minimal) as Record<string, unknown>
  for (const [name, value] of Object.entries(changes)) {
    const path = name.split('.')
    const last = path.pop() as string
    let parent = config
    for (const key of path) {
      parent[key] ??= {}
      parent = parent[key] as Record<string, unknown>
    }
    if (value === undefined) delete parent[last]
    else parent[last] = value
  }
  return config
}

function messageOf(parse: () => unknown): string {
  try {
    parse()
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).message
  }
  return 'accepted'
}

describe('parseUnknownConfig', () => {
  it('fills in every default', () => {
    expect(parseUnknownConfig(minimal)).toEqual({
      smoothing: { sigma: 0.75, denoiser: { source: 'diffusers', path: 'denoiser', dtype: 'float32' } },
      classifier: {
        source: 'timm',
        name: 'vit_tiny_patch16_224',
        pretrained: true,
        inputRange: 'symmetric',
        dropPath: 0,
      },
      tuning: { kind: 'full' },
      data: { source: 'digits' },
      method: {
        kind: 'ft-cadis',
        noises: 4,
        lambda: 2,
        attack: { steps: 2, epsilon: 0.5, restandardize: true },
        crossEntropy: 'selected',
        coldStart: true,
        adversarial: 'masked',
        adversarialTarget: 'soft',
        targetGradient: 'live',
        adversarialReduction: 'max',
        updateSelection: true,
      },
      optimisation: {
        epochs: 12,
        warmupEpochs: 0,
        imagesPerUpdate: 64,
        learningRate: 1e-3,
        optimizer: { kind: 'adamw' },
        schedule: { kind: 'cosine' },
        minLearningRate: 1e-6,
        weightDecay: { start: 0.04, end: 0.4 },
        decays: 'matrices',
        dropLast: true,
        layerDecay: 1,
        normPre: 'first',
        parameterGroups: 'library',
        betas: [0.9, 0.999],
        clip: 'none',
      },
      checkpoints: { epochs: [], everyMinutes: 30, keepLast: 2, keepBest: true },
      certification: {
        n0: 100,
        n: 100_000,
        alpha: 0.001,
        adaptive: 'none',
        confidence: 'clopper-pearson',
        noise: 'gaussian',
        purify: { kind: 'once' },
        batch: 100,
        images: 'all',
        seed: 0,
        dtype: 'float32',
        radiusSigma: 'nominal',
        procedure: { kind: 'certify' },
        familyWise: false,
        autocast: 'none',
        tf32: false,
        channelsLast: false,
        compile: false,
      },
      seed: 0,
      device: 'auto',
      dtype: 'float32',
      autocast: 'none',
      tf32: false,
      compile: 'none',
      activationCheckpointing: false,
      output: 'runs/digits',
    })
  })

  it('gives back what it is given, through JSON too', () => {
    const config = parseUnknownConfig(minimal)
    expect(parseUnknownConfig(config)).toEqual(config)
    expect(parseUnknownConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
  })

  it.each<[string, Record<string, unknown>]>([
    [
      'OpenAI with a preset',
      { 'smoothing.denoiser': { source: 'openai', preset: 'cifar10', path: 'a.pt', sha256: 'any' } },
    ],
    [
      'OpenAI with arguments',
      { 'smoothing.denoiser': { source: 'openai', arguments: { image_size: 16, channel_mult: '1,2' } } },
    ],
    ['no denoiser', { 'smoothing.denoiser': { source: 'none' } }],
    ['cross-entropy', { method: { kind: 'cross-entropy', images: 'clean' } }],
    ['timm from a folder', { classifier: { source: 'timm', path: 'folder', resize: 384, dropPath: 0.2 } }],
    ['transformers', { classifier: { source: 'transformers', path: 'owner/name' } }],
    [
      'transformers at random',
      { classifier: { source: 'transformers', config: { model_type: 'vit' }, numClasses: 10 } },
    ],
    [
      'LoRA on a module of one’s own',
      {
        classifier: {
          source: 'python',
          file: 'a.py',
          factory: 'make',
          heads: ['fc'],
          arguments: { width: 8 },
        },
        tuning: { kind: 'lora', rank: 2 },
      },
    ],
    ['ResNet-110', { classifier: { source: 'resnet110', path: 'a.pth.tar' } }],
    ['a module of one’s own', { classifier: { source: 'python', file: 'mine.py', factory: 'make' } }],
    ['mean and std', { 'classifier.inputRange': { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } }],
    ['LoRA', { tuning: { kind: 'lora' } }],
    ['CIFAR-10', { data: { source: 'cifar10', path: 'data' } }],
    ['ImageNet', { data: { source: 'imagenet', path: 'data', workers: 0 } }],
    [
      'a folder',
      { data: { source: 'folder', path: 'data', imageSize: 96, resizeSize: 96, onCorrupt: 'skip' } },
    ],
    ['a schedule of epsilon', { 'method.attack.epsilon': [{ fromEpoch: 0, epsilon: 0.25 }] }],
    ['a base learning rate', { 'optimisation.learningRate': { base: 5e-4 } }],
    ['clipping', { 'optimisation.clip': { per: 'global', norm: 1 } }],
    ['one image per class', { certification: { images: { onePerClass: true } } }],
    ['every k-th image', { certification: { images: { every: 10 } } }],
    ['given images', { certification: { images: { indices: [3, 1] } } }],
    ['a grid of radii', { certification: { adaptive: { radii: [0, 0.25] } } }],
    ['a loss of radius', { certification: { adaptive: { maxRadiusLoss: 0.05 } } }],
    ['a device', { device: 'cuda:1', threads: 2, dtype: 'float64' }],
  ])('accepts %s', (_, changes) => {
    expect(messageOf(() => parseUnknownConfig(withFields(changes)))).toBe('accepted')
  })

  it.each<[Record<string, unknown>, string]>([
    [{ 'smoothing.sigma': -1 }, 'smoothing.sigma: expected more than 0, got -1.'],
    [{ 'smoothing.sigma': Number.NaN }, 'smoothing.sigma: expected a number, got NaN.'],
    [{ 'smoothing.sigma': undefined }, 'smoothing.sigma: expected a number, got nothing.'],
    [{ 'method.noises': 2.5 }, 'method.noises: expected an integer, got 2.5.'],
    [
      { 'method.adversarial': 'some' },
      'method.adversarial: expected "masked" or "all" or "none", got "some".',
    ],
    [{ 'method.lamda': 1 }, 'method.lamda: unknown, and lambda, which it resembles, is given as well.'],
    [{ method: 3 }, 'method: expected an object, got 3.'],
    [{ output: '' }, 'output: expected text of at least 1 characters, got "".'],
    [{ device: 'gpu' }, 'device: expected text of the form /^(auto|cpu|cuda(:\\d+)?)$/, got "gpu".'],
    [
      { 'smoothing.denoiser.source': 'mine' },
      'smoothing.denoiser.source: expected "diffusers" or "openai" or "dncnn" or "memnet" or "none", got "mine".',
    ],
    [
      { 'method.kind': 'mine' },
      `method.kind: expected ${METHOD_KINDS.map(kind => `"${kind}"`).join(' or ')}, got "mine".`,
    ],
    [{ method: { kind: 'cross-entropy', lambda: 1 } }, 'method.lambda: unknown, expected no such field.'],
    [{ smoothing: undefined }, 'smoothing: expected an object, got nothing.'],
    [
      { 'smoothing.denoiser': { source: 'openai', path: 'a.pt' } },
      'smoothing.denoiser.preset: expected a preset, or arguments, got neither.',
    ],
    [
      { classifier: { source: 'timm' } },
      'classifier.name: expected a name, or the path of a folder, got neither.',
    ],
    [
      { classifier: { source: 'resnet110', path: 'a', dropPath: 0.2 } },
      'classifier.dropPath: unknown, expected no such field.',
    ],
    [
      { 'classifier.inputRange': { mean: [0.5], std: [0.5, 0.5] } },
      'classifier.inputRange.std: expected as many values as mean has.',
    ],
    [
      { 'classifier.inputRange': 'clip' },
      'classifier.inputRange: expected "symmetric" or an object, got "clip".',
    ],
    [
      { data: { source: 'folder', path: 'a', imageSize: 64, resizeSize: 32 } },
      'data.resizeSize: expected at least imageSize.',
    ],
    [{ 'method.attack.epsilon': 0 }, 'method.attack.epsilon: expected more than 0, got 0.'],
    [{ 'method.attack.epsilon': 'big' }, 'method.attack.epsilon: expected a number or an array, got "big".'],
    [
      { 'method.attack.epsilon': [{ fromEpoch: 0, epsilon: -1 }] },
      'method.attack.epsilon.0.epsilon: expected more than 0, got -1.',
    ],
    [
      { 'method.attack.epsilon': [{ fromEpoch: 5, epsilon: 1 }] },
      'method.attack.epsilon: expected a first step from epoch 0',
    ],
    [
      {
        'method.attack.epsilon': [
          { fromEpoch: 0, epsilon: 1 },
          { fromEpoch: 0, epsilon: 2 },
        ],
      },
      'method.attack.epsilon: expected epochs in ascending order',
    ],
    [{ 'optimisation.layerDecay': 1.5 }, 'optimisation.layerDecay: expected at most 1, got 1.5.'],
    [{ 'optimisation.betas': [0.9, 1] }, 'optimisation.betas.1: expected less than 1, got 1.'],
    [{ 'optimisation.clip': { per: 'tensor' } }, 'optimisation.clip.norm: expected a number, got nothing.'],
    [{ certification: { images: { first: 5, every: 2 } } }, 'certification.images'],
    [
      { certification: { images: { indices: [2, 2] } } },
      'certification.images.indices: expected each image once.',
    ],
    [
      { certification: { adaptive: { radii: [0.5, 0.25] } } },
      'certification.adaptive.radii: expected radii in ascending order.',
    ],
    [{ certification: { sigma: 0.5 } }, 'certification.sigma: unknown, expected no such field.'],
    [{ 'classifier.resize': 100_000 }, 'classifier.resize: expected at most 10000, got 100000.'],
  ])('refuses %j', (changes, message) => {
    expect(messageOf(() => parseUnknownConfig(withFields(changes)))).toContain(message)
  })

  it.each<[string, Record<string, unknown>, string]>([
    [
      'micro-batches that do not divide the update',
      { 'optimisation.imagesPerMicroBatch': 24 },
      'optimisation.imagesPerMicroBatch: expected a divisor of imagesPerUpdate, 64, got 24.',
    ],
    [
      'a warm-up beyond the end',
      { 'optimisation.warmupEpochs': 13 },
      'optimisation.warmupEpochs: expected at most epochs, 12, got 13.',
    ],
    [
      'stopping after the end',
      { 'optimisation.stopAfterEpoch': 13 },
      'optimisation.stopAfterEpoch: expected at most epochs, 12, got 13.',
    ],
    [
      'a checkpoint that never comes',
      { 'optimisation.stopAfterEpoch': 5, checkpoints: { epochs: [1, 6] } },
      'checkpoints.epochs.1: expected at most the last epoch, 5, got 6.',
    ],
    [
      'a minimum above the peak',
      { 'optimisation.learningRate': { base: 1e-3 }, 'optimisation.minLearningRate': 5e-4 },
      'optimisation.minLearningRate: expected at most the learning rate after the warm-up, 0.00025, got 0.0005.',
    ],
    [
      'a selection that is not used',
      { 'method.crossEntropy': 'all', 'method.adversarial': 'none', 'method.updateSelection': false },
      'method.updateSelection: expected true',
    ],
    [
      'LoRA on a ResNet',
      { classifier: { source: 'resnet110', path: 'a' }, tuning: { kind: 'lora' } },
      'tuning.kind: expected full for a ResNet-110',
    ],
    [
      'LoRA on a module of one’s own without its heads',
      { classifier: { source: 'python', file: 'a.py', factory: 'make' }, tuning: { kind: 'lora' } },
      'classifier.heads: expected the names of the modules that classify',
    ],
    [
      'layer-wise decay on a ResNet',
      { classifier: { source: 'resnet110', path: 'a' }, 'optimisation.layerDecay': 0.65 },
      'optimisation.layerDecay: expected 1 for a ResNet-110',
    ],
  ])('refuses what does not go together: %s', (_, changes, message) => {
    const complaint = messageOf(() => parseUnknownConfig(withFields(changes)))
    expect(complaint).toContain(message)
    expect(complaint.match(/^ {2}\S/gm)).toHaveLength(1)
  })

  it('lists everything that is wrong, one line each, in one error', () => {
    const changes = { 'smoothing.sigma': 0, 'method.noises': '4', 'optimisation.epochs': undefined, extra: 1 }
    expect(messageOf(() => parseUnknownConfig(withFields(changes)))).toBe(
      [
        'The configuration is not acceptable:',
        '  smoothing.sigma: expected more than 0, got 0.',
        '  method.noises: expected a number, got "4".',
        '  optimisation.epochs: expected a number, got nothing.',
        '  extra: unknown, expected no such field.',
        'Correct these 4 fields.',
      ].join('\n'),
    )
    expect(messageOf(() => parseUnknownConfig(7))).toContain('the settings: expected an object, got 7.')
  })

  it.each<[Record<string, unknown>, string[]]>([
    [{ 'method.lambda': undefined, 'method.lamda': 1 }, ['method.lamda: unknown, did you mean lambda?']],
    [{ smoothing: undefined, Smoothing: {} }, ['Smoothing: unknown, did you mean smoothing?']],
    [
      { data: { source: 'folder', path: 'a', image_size: 64, resizeSize: 64 } },
      ['data.image_size: unknown, did you mean imageSize?'],
    ],
    [{ tuning: { kind: 'lora', rnk: 4, alpha: 8 } }, ['tuning.rnk: unknown, did you mean rank?']],
    [
      { data: { source: 'cifr10', path: 'a' } },
      [
        'data.source: expected "digits" or "mnist" or "cifar10" or "imagenet" or "folder" or "synthetic", got "cifr10". Did you mean "cifar10"?',
      ],
    ],
    [
      { dtype: 'Float32' },
      ['dtype: expected "float32" or "float64", got "Float32". Did you mean "float32"?'],
    ],
    [
      { certification: { N0: 1, images: { frist: 1 } } },
      [
        'certification.images.frist: unknown, did you mean first?',
        'certification.N0: unknown, did you mean n0?',
      ],
    ],
    [
      { certification: { images: { onePerClas: true } } },
      ['certification.images.onePerClas: unknown, did you mean onePerClass?'],
    ],
    [
      { tuning: { kind: 'lora', rank: 4, rnk: 4, alpha: 8 } },
      ['tuning.rnk: unknown, and rank, which it resembles, is given as well.'],
    ],
  ])('suggests what was meant in %j, without an error that follows from it', (changes, lines) => {
    const [, ...rest] = messageOf(() => parseUnknownConfig(withFields(changes))).split('\n')
    expect(rest.slice(0, -1)).toEqual(lines.map(line => `  ${line}`))
  })

  it('keeps long values short', () => {
    const path = Array(100).fill('long')
    expect(messageOf(() => parseUnknownConfig(withFields({ output: path })))).toMatch(
      /got \["long".{60,70}\.\.\.\./,
    )
  })
})

describe('certification', () => {
  it('of a run has its smoothing, and parses', () => {
    const run = parseUnknownConfig({ ...minimal, certification: { n: 1000, images: { first: 100 } } })
    const certification = certificationOf(run, 'runs/digits/checkpoints/epoch-12')
    expect(certification.smoothing).toEqual(run.smoothing)
    expect(certification.certification).toEqual(run.certification)
    expect(certification.checkpoint).toBe('runs/digits/checkpoints/epoch-12')
    expect(parseCertificationConfig(certification)).toEqual(certification)
    expect(certificationOf(run).checkpoint).toBeUndefined()
  })

  it('on its own needs a sigma', () => {
    const { smoothing, classifier, data, output } = minimal
    const { denoiser } = smoothing
    const run = { smoothing: { denoiser }, classifier, data, output, certification: {} }
    expect(messageOf(() => parseCertificationConfig(run))).toBe(
      'The configuration of the certification is not acceptable:\n  smoothing.sigma: expected a number, got nothing.\nCorrect this field.',
    )
    expect(parseCertificationConfig({ ...run, smoothing: { denoiser, sigma: 0.5 } }).certification.n0).toBe(
      100,
    )
  })

  it('can do without a denoiser, as training can', () => {
    const smoothing = { sigma: 0.5, denoiser: { source: 'none' } }
    const { classifier, data, output } = minimal
    const run = { smoothing, classifier, data, output, certification: {} }
    expect(parseCertificationConfig(run).smoothing).toEqual(smoothing)
    expect(parseUnknownConfig(withFields({ smoothing })).smoothing).toEqual(smoothing)
  })
})

describe('the schema', () => {
  /** Every field of a schema, with alternatives looked into. */
  function fieldsOf(schema: unknown, path = ''): [string, string | undefined][] {
    if (schema instanceof z.ZodObject) {
      return Object.entries(schema.shape).flatMap(([name, field]) => [
        [`${path}${name}`, (field as z.ZodType).description],
        ...fieldsOf(field, `${path}${name}.`),
      ])
    }
    if (schema instanceof z.ZodUnion) return schema.options.flatMap(option => fieldsOf(option, path))
    if (schema instanceof z.ZodArray) return fieldsOf(schema.element, path)
    if (
      schema instanceof z.ZodDefault ||
      schema instanceof z.ZodPrefault ||
      schema instanceof z.ZodOptional
    ) {
      return fieldsOf(schema.unwrap(), path)
    }
    return []
  }

  it.each([
    ['of a run', runSchema, 80],
    ['of a certification', certificationRunSchema, 50],
  ])('%s describes every field, and the default of those that have one', (_, schema, atLeast) => {
    const fields = fieldsOf(schema)
    expect(fields.length).toBeGreaterThan(atLeast)
    expect(fields.filter(([, description]) => !description?.endsWith('.'))).toEqual([])
    const names = fields.map(([name]) => name)
    expect(names).toContain('certification.n0')
    expect(names).toContain('smoothing.sigma')
    expect(names).toContain('classifier.inputRange.mean')
  })

  it('has types that follow it', () => {
    const config = requireMethod(parseUnknownConfig(minimal), 'ft-cadis')
    expectTypeOf(config.method.adversarial).toEqualTypeOf<'masked' | 'all' | 'none'>()
    expectTypeOf(config.optimisation.learningRate).toEqualTypeOf<number | { base: number }>()
    expectTypeOf(config.optimisation.stopAfterEpoch).toEqualTypeOf<number | undefined>()
  })
})
