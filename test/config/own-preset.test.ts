import { describe, expect, it } from 'vitest'
import { ConfigError, presets } from '../../src'

const own = (others: object = {}) =>
  presets.own({
    ...{ data: 'photos', classifier: { source: 'timm', name: 'resnet18', path: 'model.pth' } },
    ...{ denoiser: { source: 'diffusers', path: 'denoiser' }, sigma: 0.5, ...others },
  })

describe('presets.own', () => {
  it.each([
    [12, { epochs: 30, warmupEpochs: 3, imagesPerUpdate: 12 }],
    [999, { epochs: 30, warmupEpochs: 3, imagesPerUpdate: 32, imagesPerMicroBatch: 8 }],
    [1000, { epochs: 20, warmupEpochs: 2, imagesPerUpdate: 64, imagesPerMicroBatch: 8 }],
    [9999, { epochs: 20, warmupEpochs: 2, imagesPerUpdate: 64, imagesPerMicroBatch: 8 }],
    [10_000, { epochs: 20, warmupEpochs: 2, imagesPerUpdate: 128, imagesPerMicroBatch: 8 }],
    [99_999, { epochs: 20, warmupEpochs: 2, imagesPerUpdate: 128, imagesPerMicroBatch: 8 }],
    [100_000, { epochs: 5, warmupEpochs: 1, imagesPerUpdate: 128, imagesPerMicroBatch: 8 }],
  ])('trains on %d images so long', (trainImages, length) => {
    expect(own({ trainImages }).optimisation).toMatchObject(length)
  })

  it.each([
    [999, 8e-4],
    [1000, 4e-4],
    [9999, 4e-4],
    [10_000, 1e-4],
    [100_000, 1e-4],
  ])(
    'trains all weights on %d images at the base learning rate %d, and adapters at that of LoRA',
    (trainImages, base) => {
      expect(own({ trainImages }).optimisation.learningRate).toMatchObject({ base })
      expect(own({ trainImages, tuning: 'lora' }).optimisation.learningRate).toMatchObject({ base: 4e-4 })
    },
  )

  it('trains as on 1,000 images where nothing is said of them', () => {
    expect(own().optimisation).toEqual(own({ trainImages: 1000 }).optimisation)
  })

  it('is FT-CADIS with the attack for images of that size, and without a denoiser training on noise', () => {
    expect(own({ imageSize: 32 }).method).toMatchObject({ kind: 'ft-cadis', noises: 4, attack: { steps: 4 } })
    expect(own().method).toMatchObject({ kind: 'ft-cadis', noises: 2, attack: { steps: 1 } })
    for (const denoiser of ['none', { source: 'none' }]) {
      expect(own({ denoiser })).toMatchObject({
        method: { kind: 'gaussian' },
        smoothing: { denoiser: { source: 'none' } },
      })
    }
  })

  it('takes height and width of images that are not square', () => {
    const data = (imageSize: number | [number, number]) => own({ imageSize }).data
    expect(data(224)).toMatchObject({ imageSize: 224, resizeSize: 256 })
    expect(data([224, 320])).toMatchObject({ imageSize: [224, 320], resizeSize: [256, 366] })
    expect(data([48, 64])).toMatchObject({ imageSize: [48, 64], resizeSize: [48, 64] })
    expect(own({ imageSize: [48, 64] }).method).toMatchObject({ noises: 4 })
    expect(own({ imageSize: [48, 65] }).method).toMatchObject({ noises: 2 })
    const given = own({ data: { source: 'folder', path: 'photos', imageSize: [48, 64] } })
    expect(given.method).toMatchObject({ noises: 4 })
  })

  it('certifies 500 images of a folder, drawn over the classes, and all of other data', () => {
    expect(own().certification.images).toEqual({ overClasses: 500 })
    expect(own({ data: { source: 'digits' } }).certification.images).toBe('all')
  })

  it('names what is not acceptable', () => {
    expect(() => own({ sigma: -1 })).toThrow(ConfigError)
    expect(() => own({ sigma: -1 })).toThrow(/smoothing\.sigma/)
    expect(() => own({ testShare: 1 })).toThrow(/data\.testShare/)
  })
})
