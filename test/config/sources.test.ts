import { describe, expect, it, vi } from 'vitest'
import type { z } from 'zod'
import { imageTransform } from '../../src/certification/predict'
import { sourceOfData } from '../../src/config/data-schema'
import { certificationOf, parseUnknownConfig, type RunConfig } from '../../src/config/schema'
import type { ClassifierSource } from '../../src/config/sources/classifiers'
import type { DataSource } from '../../src/config/sources/data-sets'
import type { DenoiserSource } from '../../src/config/sources/denoisers'
import { nameOf } from '../../src/smoothing/name-of'
import { classifierSpec, datasetSpec, denoiserSpec } from '../../src/smoothing/specs'
import { syntheticRun } from '../../src/training/synthetic'

/** An entry in a table, as CONTRIBUTING.md says to add a source, and nothing else. */
const { linear, blur, grey } = vi.hoisted(() => {
  const { z: zod } = require('zod') as { z: typeof z }
  const linearSettings = zod.strictObject({
    source: zod.literal('linear').describe('A linear map.'),
    path: zod.string().optional(),
    pixels: zod.int().positive(),
    numClasses: zod.int().default(10),
  })
  const blurSettings = zod.strictObject({
    source: zod.literal('blur').describe('A blur.'),
    dtype: zod.enum(['float32', 'float16', 'bfloat16', 'float64']).default('float32'),
    width: zod.int().positive(),
  })
  const greySettings = zod.strictObject({
    source: zod.literal('grey').describe('Grey squares.'),
    path: zod.string(),
    augment: zod.boolean().default(true),
    workers: zod.int().default(4),
    side: zod.int().positive(),
  })
  return {
    linear: {
      settings: linearSettings,
      title: 'a linear map',
      blocks: 'none',
      hasQueryAndValue: false,
      randomWeights: ({ path: _, ...architecture }, numClasses) => ({ ...architecture, numClasses }),
    } satisfies ClassifierSource<typeof linearSettings>,
    blur: {
      settings: blurSettings,
      randomWeights: ({ width }) => ({ source: 'blur' as const, width: width + 1 }),
    } satisfies DenoiserSource<typeof blurSettings>,
    grey: {
      settings: greySettings,
      testTransform: ({ side }) => ({ channels: 1, resizeSize: side, imageSize: side }),
      imageSettings: ({ side }) => ({ side }),
    } satisfies DataSource<typeof greySettings>,
  }
})

vi.mock('../../src/config/sources/classifiers', async importOriginal => {
  const original = await importOriginal<typeof import('../../src/config/sources/classifiers')>()
  return { CLASSIFIERS: [...original.CLASSIFIERS, linear] }
})
vi.mock('../../src/config/sources/denoisers', async importOriginal => {
  const original = await importOriginal<typeof import('../../src/config/sources/denoisers')>()
  return { ...original, DENOISERS: [...original.DENOISERS, blur] }
})
vi.mock('../../src/config/sources/data-sets', async importOriginal => {
  const original = await importOriginal<typeof import('../../src/config/sources/data-sets')>()
  return { DATA_SETS: [...original.DATA_SETS, grey] }
})

const run = {
  smoothing: { sigma: 0.5, denoiser: { source: 'blur', width: 3 } },
  classifier: { source: 'linear', pixels: 64, path: 'weights/linear.safetensors' },
  data: { source: 'grey', path: 'squares', side: 8 },
  method: { noises: 2, lambda: 1, attack: { steps: 2, epsilon: 0.5 } },
  optimisation: {
    ...{ epochs: 1, imagesPerUpdate: 8, learningRate: 1e-3, weightDecay: { start: 0, end: 0 } },
  },
  output: 'out',
}

function messageOf(changes: object): string {
  try {
    parseUnknownConfig({ ...run, ...changes })
  } catch (error) {
    return (error as Error).message
  }
  return 'accepted'
}

describe('an entry in the table of classifiers', () => {
  it('has its settings checked and sent to Python', () => {
    const { classifier } = parseUnknownConfig(run)
    expect(classifier).toEqual({ ...run.classifier, numClasses: 10 })
    expect(classifierSpec(classifier)).toEqual({ ...run.classifier, numClasses: 10, tuning: undefined })
    expect(messageOf({ classifier: { source: 'linear' } })).toContain(
      'classifier.pixels: expected a number, got nothing',
    )
    expect(messageOf({ classifier: { source: 'vision' } })).toMatch(/"none" or "linear", got "vision"/)
  })

  it('is asked what the rules have to know', () => {
    expect(messageOf({ tuning: { kind: 'lora' } })).toContain(
      'tuning.kind: expected full for a linear map, which has no query and value projections, got lora',
    )
    expect(messageOf({ optimisation: { ...run.optimisation, layerDecay: 0.5 } })).toContain(
      'optimisation.layerDecay: expected 1 for a linear map, which has no transformer blocks, got 0.5',
    )
    expect(messageOf({ activationCheckpointing: true })).toContain(
      'a classifier of source linear, whose blocks',
    )
  })

  it('names what is certified, and stands in at random', () => {
    expect(nameOf(certificationOf(parseUnknownConfig(run)))).toBe('linear:linear.safetensors')
    const { classifier } = synthetic(parseUnknownConfig(run))
    expect(classifier).toEqual({ source: 'linear', pixels: 64, numClasses: 3 })
  })
})

describe('an entry in the table of denoisers', () => {
  it('has its settings checked, sent to Python, and stands in at random', () => {
    const config = parseUnknownConfig(run)
    expect(config.smoothing.denoiser).toEqual({ source: 'blur', width: 3, dtype: 'float32' })
    expect(denoiserSpec(config.smoothing.denoiser as never)).toEqual({ source: 'blur', width: 3 })
    expect(synthetic(config).smoothing.denoiser).toEqual({ source: 'blur', width: 4, dtype: 'float32' })
    const smoothing = { sigma: 0.5, denoiser: { source: 'blur' } }
    expect(messageOf({ smoothing })).toContain('smoothing.denoiser.width: expected a number, got nothing')
  })
})

describe('an entry in the table of data sets', () => {
  it('has its settings checked and sent to Python, and says what a test image is', () => {
    const { data } = parseUnknownConfig(run)
    expect(data).toEqual({ source: 'grey', path: 'squares', side: 8, augment: true, workers: 4 })
    const spec = { source: 'grey', path: 'squares', side: 8 }
    expect(datasetSpec(data, 'train')).toEqual({ ...spec, split: 'train', augment: true })
    expect(datasetSpec(data, 'test')).toEqual({ ...spec, split: 'test', augment: false })
    expect(imageTransform(data)).toEqual({ channels: 1, resizeSize: 8, imageSize: 8 })
    expect(sourceOfData(data).imageSettings?.(data)).toEqual({ side: 8 })
    expect(messageOf({ data: { source: 'grey', path: 'squares' } })).toContain(
      'data.side: expected a number, got nothing',
    )
  })
})

function synthetic(config: RunConfig): RunConfig {
  return syntheticRun(config, { imageSize: 8, classes: 3, trainImages: 8, testImages: 8 })
}
