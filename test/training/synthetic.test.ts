import { expect, it } from 'vitest'
import { ConfigError, presets, syntheticRun } from '../../src'

const IMAGES = { imageSize: 32, classes: 10, trainImages: 50_000, testImages: 10_000 }

it('keeps everything but weights and data', () => {
  const real = presets.cifar10({ sigma: 0.5, denoiser: 'd.pt', data: 'data', output: 'out' })
  const synthetic = syntheticRun(real, IMAGES)
  expect(synthetic.smoothing).toEqual({
    sigma: 0.5,
    denoiser: { source: 'openai', preset: 'cifar10', dtype: 'float32' },
  })
  expect(synthetic.classifier).toEqual({
    source: 'transformers',
    config: { model_type: 'vit' },
    numClasses: 10,
    inputRange: 'symmetric',
    resize: 224,
    dropPath: 0.2,
  })
  expect(synthetic.data).toEqual({ source: 'synthetic', ...IMAGES, workers: 0 })
  const { smoothing: _s, classifier: _c, data: _i, ...others } = synthetic
  expect(real).toMatchObject(others)
})

it('names the architecture of timm and asks for no weights', () => {
  const real = presets.imagenet({
    ...{
      sigma: 1,
      tuning: 'lora',
      denoiser: 'd.pt',
      classifier: 'vit.safetensors',
      data: 'data',
      output: 'out',
    },
  })
  const { classifier, tuning } = syntheticRun(real, { ...IMAGES, classes: 1000 })
  expect(classifier).toMatchObject({
    name: 'vit_base_patch16_clip_384.laion2b_ft_in12k_in1k',
    pretrained: false,
    numClasses: 1000,
  })
  expect(classifier).not.toHaveProperty('path')
  expect(tuning).toEqual({ kind: 'lora', rank: 4, alpha: 4 })
})

it('keeps a network of the caller, with as many classes as the images have', () => {
  const real = presets.cifar10({ sigma: 0.5, denoiser: 'd.pt', data: 'data', output: 'out' })
  const classifier = { source: 'python' as const, file: 'net.py', factory: 'make', path: 'weights' }
  const synthetic = syntheticRun({ ...real, classifier: { ...classifier, inputRange: 'symmetric' } }, IMAGES)
  expect(synthetic.classifier).toMatchObject({ source: 'python', file: 'net.py', numClasses: 10 })
  expect(synthetic.classifier).not.toHaveProperty('path')
})

it('refuses networks that nothing but their files describes', () => {
  const digits = presets.digits({ denoiser: 'folder', classifier: 'folder', output: 'out' })
  expect(() => syntheticRun(digits, IMAGES)).toThrow(ConfigError)
  const { smoothing } = presets.cifar10({ sigma: 0.5, denoiser: 'd.pt', data: 'data', output: 'out' })
  expect(() => syntheticRun({ ...digits, smoothing }, IMAGES)).toThrow(/timm classifier .*without its name/)
})

it('needs no denoiser', () => {
  const real = presets.cifar10({ sigma: 0.5, denoiser: 'd.pt', data: 'data', output: 'out' })
  const smoothing = { sigma: 0.5, denoiser: { source: 'none' } } as const
  expect(syntheticRun({ ...real, smoothing }, IMAGES).smoothing).toEqual(smoothing)
})
