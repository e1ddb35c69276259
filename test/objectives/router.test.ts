import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finetune, parseConfig, type RunConfigInput, type Session, torch } from '../../src'
import {
  certifiedShare,
  defaultRadii,
  leastOf,
  mostOf,
  thresholds,
} from '../../src/objectives/router/router-values'
import { readRun } from '../../src/runs/read-run'
import { gaussianBound } from '../../src/statistics/bound'
import { connectForTest } from '../support/digits'

const VOTES = 40

describe('the value of an expert', () => {
  it('counts at 0 and the multiples of half of the smallest noise level, where nothing else is said', () => {
    expect(defaultRadii([0.25, 0.5])).toEqual([0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1])
  })

  it('takes votes that show the radius, of one more than there are', () => {
    const [none = 0, some = 0] = thresholds([0, 0.25], { sigma: 0.25, votes: VOTES })
    expect(none).toBeCloseTo(0.5 * (41 / 40), 12)
    expect(some).toBeCloseTo(gaussianBound(0.25).top(0.25) * (41 / 40), 12)
    // All votes are not enough for any radius.
    expect(thresholds([1], { sigma: 0.25, votes: VOTES })[0]).toBeGreaterThan(1)
  })

  it('is the share of the radii, of each image', async () => {
    await using session = await connectForTest()
    const { shares, least, most } = await session.compute(() => {
      const shares = certifiedShare(torch.tensor(session, [0.4, 0.6, 0.9], { axes: 'B' }), {
        thresholds: [0.5, 0.8],
      })
      const other = torch.tensor(session, [0.25, 0.25, 0.25], { axes: 'B' })
      return { shares, least: leastOf([shares, other]), most: mostOf([other, shares]) }
    })
    expect(shares).toEqual([0, 0.5, 1])
    expect(least).toEqual([0, 0.25, 0.25])
    expect(most).toEqual([0.25, 0.5, 1])
  })
})

describe('a router', () => {
  let session: Session
  let folder: string
  let isEven: readonly boolean[]
  const files = () => ['first', 'second'].map(name => join(folder, `${name}.jsonl`))
  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-router-'))
    const digits = await torch.openDataset(session, { source: 'digits', split: 'train' })
    const { length } = digits.description
    const places = Array.from({ length }, (_, image) => image)
    const { labels, data } = await session.compute(() => ({
      labels: digits.images(places).labels_B,
      data: digits.identity(),
    }))
    session.free(digits)
    isEven = labels.map(label => label % 2 === 0)
    // The first expert is right about even digits, the second about odd ones.
    for (const [expert, file] of files().entries()) {
      const header = { format: 'ft-cadis soft labels 1', n: VOTES, data, configuration: {} }
      const rows = labels.map((label, image) => {
        const isRight = isEven[image] === (expert === 0)
        return [image, { [isRight ? label : (label + 1) % 10]: VOTES }]
      })
      await writeFile(file, `${[header, ...rows].map(row => JSON.stringify(row)).join('\n')}\n`)
    }
  })
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })
  const settings = (name: string, method: object, classes = 2) =>
    parseConfig({
      smoothing: { sigma: 0.25, denoiser: { source: 'none' } },
      classifier: {
        ...{ source: 'python', file: join(__dirname, '..', 'support', 'batch_norm_network.py') },
        ...{ factory: 'network', arguments: { width: 32, classes } },
        inputRange: { mean: [0.3], std: [0.37] },
      },
      data: { source: 'digits' },
      method,
      optimisation: {
        ...{ epochs: 12, imagesPerUpdate: 60, learningRate: 0.05 },
        ...{ optimizer: { kind: 'sgd' }, schedule: { kind: 'steps', everyEpochs: 10 } },
        ...{ weightDecay: { start: 1e-4, end: 1e-4 }, decays: 'all' },
      },
      device: 'cpu',
      output: join(folder, name),
    } as RunConfigInput)
  const method = () => ({
    kind: 'router',
    experts: files().map((predictions, place) => ({ sigma: 0.25 * (place + 1), predictions })),
    radii: [0],
  })
  const train = async (config: ReturnType<typeof settings>) => {
    const result = await finetune(session, config, {
      ...{ evaluationImages: 60, eventFiles: false, progress: false },
    })
    session.free([result.networks, result.smoothing])
    return result
  }

  it('learns which expert certifies an image', async () => {
    const { epochs } = await train(settings('router', method()))
    const { updates } = await readRun(join(folder, 'router'))
    const last = updates.filter(({ epoch }) => epoch === 12).map(({ metrics }) => metrics)
    const meanOf = (name: string) =>
      last.reduce((total, metrics) => total + (metrics[name] ?? Number.NaN), 0) / last.length
    expect(meanOf('bestShare')).toBe(1)
    // Either expert alone certifies half of the images.
    expect(meanOf('chosenShare')).toBeGreaterThan(0.75)
    expect(meanOf('crossEntropy')).toBeLessThan(0.6)
    expect(epochs.at(-1)?.metrics.noisy).toBeGreaterThan(0.25)
    expect(epochs.at(-1)?.metrics.noisy).toBeLessThan(0.75)
  })

  it('has a class for each expert', async () => {
    await expect(train(settings('ten', method(), 10))).rejects.toThrow(
      'The method takes a head of 2 classes, but that of the classifier has 10.',
    )
  })

  it('takes the predictions of its own training set alone, and names the expert', async () => {
    const [first] = method().experts
    const missing = { ...first, sigma: 0.5, predictions: join(folder, 'none.jsonl') }
    await expect(train(settings('none', { ...method(), experts: [first, missing] }))).rejects.toThrow(
      /none.jsonl is missing/,
    )
    expect(() => settings('same', { ...method(), experts: [first, first] })).toThrow(
      /method.experts: expected the smallest noise level first/,
    )
  })
})
