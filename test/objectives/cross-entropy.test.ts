import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ablations,
  type FinetuneHooks,
  parseConfig,
  presets,
  type RunConfig,
  type RunConfigInput,
  type Session,
  torch,
} from '../../src'
import { CLASSIFIER, connectForTest } from '../support/digits'
import { finetuneCollecting } from '../support/finetune-collecting'
import { checkpointBytes } from '../support/run-files'

const SIGMA = 0.25
const NOISES = 3
const IMAGES = 40
const NO_DENOISER = { sigma: SIGMA, denoiser: { source: 'none' } } as const

describe('cross-entropy', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-cross-entropy-'))
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  /** Updates of 40 images, each under three noises. */
  function config(name: string, changes: Partial<RunConfigInput> = {}): RunConfig {
    const base = presets.digits({ sigma: SIGMA, classifier: CLASSIFIER, output: join(folder, name) })
    return parseConfig({
      ...base,
      method: { kind: 'cross-entropy', noises: NOISES },
      optimisation: { ...base.optimisation, warmupEpochs: 0, imagesPerUpdate: IMAGES },
      ...changes,
    })
  }

  async function train(run: RunConfig, hooks: FinetuneHooks) {
    const { networks, smoothing, ...rest } = await finetuneCollecting(session, run, {
      ...{ evaluationImages: 40, eventFiles: false },
      ...hooks,
    })
    session.free([networks, smoothing])
    return rest
  }

  /** What the first update of a run sees: its images and labels, and the noise, as plain numbers. */
  async function firstBatch() {
    const trainSet = await torch.openDataset(session, { source: 'digits', split: 'train' })
    const loader = await torch.makeLoader(trainSet, {
      ...{ batchSize: IMAGES, seed: 0, shuffle: true, dropLast: true, workers: 0 },
    })
    loader.start(0)
    const found = await session.compute(() => {
      const { images_BCHW, labels_B } = loader.nextBatch()
      const stream = torch.generator(session, 0, 'train', 1, 1, 0, 'noise')
      const noise = torch.randnCopies(images_BCHW, { axis: 'M', count: NOISES, generator: stream })
      return { images: images_BCHW, labels: labels_B, noise }
    })
    await loader.close()
    session.free(trainSet)
    return found
  }

  /** Mean cross-entropy and accuracy of the off-the-shelf classifier on images in [-1, 1], in plain numbers. */
  async function measure(images: number[][][][], labels: readonly number[]) {
    const classifier = await torch.loadClassifier(session, { source: 'timm', path: CLASSIFIER })
    const logits = await session.compute(() =>
      classifier.classify(torch.tensor(session, images, { axes: 'NCHW' })),
    )
    session.free(classifier)
    const losses = logits.map((row, image) => {
      const largest = Math.max(...row)
      const sum = row.reduce((total, logit) => total + Math.exp(logit - largest), 0)
      return largest + Math.log(sum) - (row[labels[image] ?? -1] ?? Number.NaN)
    })
    const right = logits.filter((row, image) => row.indexOf(Math.max(...row)) === labels[image]).length
    const mean = losses.reduce((total, loss) => total + loss, 0) / losses.length
    return { mean, accuracy: right / logits.length }
  }

  const pixels = (image: number[][][], change: (value: number, at: readonly number[]) => number) =>
    image.map((rows, c) => rows.map((row, h) => row.map((value, w) => change(value, [c, h, w]))))

  it('of noisy images is the mean over their noises, whose σ doubles in [-1, 1]', async () => {
    const { images, labels, noise } = await firstBatch()
    const noisy = noise.flatMap(copies =>
      copies.map((own, image) =>
        pixels(
          images[image] ?? [],
          (value, [c = 0, h = 0, w = 0]) => 2 * value - 1 + 2 * SIGMA * (own[c]?.[h]?.[w] ?? Number.NaN),
        ),
      ),
    )
    const outside = await measure(
      noisy,
      noise.flatMap(() => labels),
    )
    const { updates } = await train(config('noisy', { smoothing: NO_DENOISER }), {
      ...{ stopAfterUpdates: 1, updatesOnly: true },
    })
    expect(updates[0]?.loss).toBeCloseTo(outside.mean, 5)
    expect(updates[0]?.metrics).toEqual({
      crossEntropy: expect.closeTo(outside.mean, 5),
      trainingAccuracy: expect.closeTo(outside.accuracy, 12),
    })
    expect(outside.accuracy).toBeLessThan(0.95)
    expect(updates[0]?.roundTrips).toBe(1)
  })

  it('of clean images looks at each once, whatever the noises are', async () => {
    const { images, labels } = await firstBatch()
    const outside = await measure(
      images.map(image => pixels(image, value => 2 * value - 1)),
      labels,
    )
    const method = { kind: 'cross-entropy', images: 'clean', noises: NOISES } as const
    const { updates } = await train(config('clean', { method }), { stopAfterUpdates: 1, updatesOnly: true })
    expect(updates[0]?.loss).toBeCloseTo(outside.mean, 5)
    expect(updates[0]?.metrics.trainingAccuracy).toBeCloseTo(outside.accuracy, 12)
    expect(outside.accuracy).toBeGreaterThan(0.9)
  })

  it.each([
    ['denoised images', {}],
    ['noisy images', { smoothing: NO_DENOISER }],
  ])('of %s is Eq. 6, bit for bit: FT-CADIS without selection and attack', async (name, changes) => {
    const optimisation = {
      ...presets.digits({ output: 'run' }).optimisation,
      ...{ warmupEpochs: 0, imagesPerUpdate: IMAGES, imagesPerMicroBatch: IMAGES / 2 },
    }
    const plain = config(`plain ${name}`, { ...changes, optimisation })
    const { method } = presets.digits({ output: 'run' })
    const cadis = ablations.table5.crossEntropyOnly(
      config(`cadis ${name}`, { ...changes, optimisation, method: { ...method, noises: NOISES } }),
    )
    const four = { stopAfterUpdates: 4 }
    const own = await train(plain, four)
    const other = await train(cadis, four)
    const exact = (updates: typeof own.updates) =>
      updates.map(({ loss, gradientNorm, clippedGradientNorm }) => [loss, gradientNorm, clippedGradientNorm])
    expect(exact(own.updates)).toEqual(exact(other.updates))
    expect(own.updates.map(({ metrics }) => [metrics.crossEntropy, metrics.trainingAccuracy])).toEqual(
      other.updates.map(({ metrics }) => [metrics.selectiveCrossEntropy, metrics.denoisedAccuracy]),
    )
    expect(new Set(own.updates.map(({ loss }) => loss)).size).toBe(4)
    expect(own.epochs).toEqual(other.epochs)
    const { 'model.safetensors': weights, 'optimizer.safetensors': moments } = await checkpointBytes(
      plain.output,
      'step-000004',
    )
    expect(weights?.length).toBeGreaterThan(1e5)
    expect({ weights, moments }).toEqual({
      weights: (await checkpointBytes(cadis.output, 'step-000004'))['model.safetensors'],
      moments: (await checkpointBytes(cadis.output, 'step-000004'))['optimizer.safetensors'],
    })
    expect(own.updates.map(({ roundTrips }) => roundTrips)).toEqual([2, 2, 2, 2])
  })
})
