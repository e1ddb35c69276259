import { describe, expect, it } from 'vitest'
import { ablations, ConfigError, presets, type RunConfig } from '../../src'
import { crossEntropySchema } from '../../src/config/methods/cross-entropy'
import {
  certificationPasses,
  crossEntropyObjective,
  ftCadis,
  leavesCheckpoint,
  planRun,
  requireMethod,
  timesImages,
} from '../../src/internal'
import { sizeOfUpdate } from '../../src/runs/plan-run'

const CIFAR10 = presets.cifar10({ sigma: 0.5, denoiser: 'd.pt', data: 'data', output: 'out' })
const IMAGENET = presets.imagenet({
  sigma: 0.5,
  tuning: 'lora',
  denoiser: 'd.pt',
  data: 'data',
  output: 'out',
})

describe('planRun', () => {
  it('counts the updates of the published runs', () => {
    expect(planRun(CIFAR10, { trainImages: 50_000 })).toEqual({
      epochs: 20,
      updatesPerEpoch: 390,
      updates: 7800,
      images: 998_400,
      microBatches: 16,
      imagesPerMicroBatch: 8,
      lastUpdate: { images: 128, microBatches: 16 },
    })
    expect(planRun(IMAGENET, { trainImages: 1_281_167 })).toMatchObject({
      epochs: 5,
      updatesPerEpoch: 10_009,
      updates: 50_045,
    })
  })

  it.each([
    [1, 1, 1],
    [390, 1, 390],
    [391, 2, 391],
    [1_000_000, 20, 7800],
  ])('stops after %i updates, in epoch %i', (stopAfterUpdates, epochs, updates) => {
    expect(planRun(CIFAR10, { trainImages: 50_000, stopAfterUpdates })).toMatchObject({ epochs, updates })
  })

  describe('with what is left of an epoch', () => {
    const all = { ...CIFAR10, optimisation: { ...CIFAR10.optimisation, dropLast: false } }

    it('makes its own update of it', () => {
      const plan = planRun(all, { trainImages: 50_003 })
      expect(plan).toMatchObject({
        updatesPerEpoch: 391,
        updates: 7820,
        images: 20 * 50_003,
        lastUpdate: { images: 83, microBatches: 11 },
      })
      expect(sizeOfUpdate(390, plan)).toEqual({ images: 128, microBatches: 16 })
      expect(sizeOfUpdate(391, plan)).toEqual({ images: 83, microBatches: 11 })
      expect(planRun(all, { trainImages: 50_003, stopAfterUpdates: 390 }).images).toBe(390 * 128)
    })

    it('is as ever where nothing is left, and one update where there are fewer images', () => {
      expect(planRun(all, { trainImages: 1280 })).toEqual(planRun(CIFAR10, { trainImages: 1280 }))
      expect(planRun(all, { trainImages: 5 })).toMatchObject({
        updatesPerEpoch: 1,
        lastUpdate: { images: 5, microBatches: 1 },
      })
    })

    it('asks for smaller micro-batches where it does not reach every process', () => {
      const images = { trainImages: 128 + 24 }
      expect(planRun(all, { ...images, ranks: 2 }).lastUpdate).toEqual({ images: 24, microBatches: 3 })
      expect(() => planRun(all, { ...images, ranks: 4 })).toThrow(
        'The last update of an epoch has 24 images in 3 micro-batches of 8, which do not reach 4 processes. Lower optimisation.imagesPerMicroBatch',
      )
    })
  })

  it('says what to do where an update takes more images than there are', () => {
    expect(() => planRun(CIFAR10, { trainImages: 127 })).toThrow(ConfigError)
  })
})

describe('the passes of FT-CADIS', () => {
  const passes = (config: RunConfig, metadata: Partial<Parameters<typeof ftCadis.passes>[1]> = {}) =>
    timesImages(
      10,
      ftCadis.passes(requireMethod(config, 'ft-cadis').method, {
        ...{ usesBatchStatistics: false, hasDenoiser: true },
        ...metadata,
      }),
    )

  it('ranges from no attack to an attack on every image', () => {
    // M = 4, T = 4: 40 denoised images; attacked ones cost 5 passes each.
    expect(passes(CIFAR10)).toEqual({
      denoiserForward: 40,
      classifierForward: { least: 40, most: 240 },
      classifierBackward: { least: 40, most: 240 },
    })
  })

  it('knows the ablations that leave nothing open', () => {
    expect(passes(ablations.table5.withoutMask(CIFAR10)).classifierForward).toEqual({ least: 240, most: 240 })
    expect(passes(ablations.table5.crossEntropyOnly(CIFAR10)).classifierForward).toEqual({
      least: 40,
      most: 40,
    })
    expect(passes(CIFAR10, { usesBatchStatistics: true }).classifierBackward).toEqual({
      least: 240,
      most: 240,
    })
    expect(passes(ablations.table6.withoutUpdate(CIFAR10)).classifierForward).toEqual({
      least: 80,
      most: 280,
    })
    expect(passes(CIFAR10, { hasDenoiser: false })).toEqual({ ...passes(CIFAR10), denoiserForward: 0 })
  })
})

describe('the passes of cross-entropy', () => {
  const DENOISED = { usesBatchStatistics: false, hasDenoiser: true }
  const passes = (settings: object, metadata = DENOISED) =>
    crossEntropyObjective.passes(crossEntropySchema.parse({ kind: 'cross-entropy', ...settings }), metadata)
  const exactly = (count: number) => ({ least: count, most: count })

  it('are as many as noises, and one for clean images', () => {
    expect(passes({ noises: 4 })).toEqual({
      denoiserForward: 4,
      classifierForward: exactly(4),
      classifierBackward: exactly(4),
    })
    expect(passes({ noises: 4 }, { ...DENOISED, hasDenoiser: false }).denoiserForward).toBe(0)
    expect(passes({ images: 'clean', noises: 4 })).toEqual({
      denoiserForward: 0,
      classifierForward: exactly(1),
      classifierBackward: exactly(1),
    })
  })
})

it('certification takes n0 + n passes of both networks for an image', () => {
  expect(certificationPasses(IMAGENET, { images: 1000 })).toMatchObject({
    denoiserForward: 10_100_000,
    classifierForward: { least: 10_100_000, most: 10_100_000 },
  })
})

it('checkpoints are left after the epochs of the paper and after the last', () => {
  const left = (epochs: number) =>
    Array.from({ length: epochs }, (_, index) => index + 1).filter(epoch =>
      leavesCheckpoint(epoch, CIFAR10, { epochs }),
    )
  expect(left(20)).toEqual([1, 5, 10, 15, 20])
  expect(left(7)).toEqual([1, 5, 7])
})
