import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  certificationOf,
  findCheckpoint,
  finetune,
  parseConfig,
  type RunConfig,
  type RunConfigInput,
  type Session,
  torch,
  writeSoftLabels,
} from '../../src'
import { fileHash } from '../../src/files/hash'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { isBetter } from '../../src/objectives/is-better'
import { selectorTargets } from '../../src/objectives/selector/selector-target'
import { networkOfRun } from '../../src/runs/network-of-run'
import { readRun } from '../../src/runs/read-run'
import { standTable } from '../../src/runs/report/run-tables'
import { smoothedOfFolder } from '../../src/runs/smoothed-of-folder'
import { connectForTest } from '../support/digits'
import { runProgram } from '../support/run-example'

/** Noisy copies of each training image that the certification network is asked about. */
const COPIES = 40
const THRESHOLD = 0.975

describe('a selector', () => {
  let session: Session
  let folder: string
  let softLabels: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-selector-'))
    softLabels = join(folder, 'soft-labels.jsonl')
    const teacher = config('teacher', { kind: 'gaussian' }, 10)
    const { checkpoint } = await train(teacher)
    await writeSoftLabels(session, certificationOf(teacher, checkpoint), {
      ...{ output: softLabels, n: COPIES, augment: false },
    })
  }, 120_000)
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })

  function config(name: string, method: object, classes: number, epochs = 10): RunConfig {
    return parseConfig({
      smoothing: { sigma: 0.25, denoiser: { source: 'none' } },
      classifier: {
        source: 'python',
        file: join(__dirname, '..', 'support', 'batch_norm_network.py'),
        factory: 'network',
        arguments: { width: 32, classes },
        inputRange: { mean: [0.3], std: [0.37] },
      },
      data: { source: 'digits' },
      method,
      optimisation: {
        ...{ epochs, imagesPerUpdate: 60, learningRate: 0.02 },
        ...{ optimizer: { kind: 'sgd' }, schedule: { kind: 'steps', everyEpochs: 8 } },
        ...{ weightDecay: { start: 1e-4, end: 1e-4 }, decays: 'all' },
      },
      certification: { batch: 400 },
      device: 'cpu',
      output: join(folder, name),
    } as RunConfigInput)
  }
  const selector = (changes: object = {}) => ({
    ...{ kind: 'selector', noises: 2, threshold: THRESHOLD, predictions: softLabels },
    ...changes,
  })
  async function train(of: RunConfig) {
    const result = await finetune(session, of, {
      ...{ evaluationImages: 60, eventFiles: false, progress: false },
    })
    session.free([result.networks, result.smoothing])
    return result
  }

  it('is to name the certification network from the threshold on', async () => {
    const { targets } = await session.compute(() => ({
      // 38 of 40 in float32, beside 0.95 in float64.
      targets: selectorTargets(torch.tensor(session, [0.94, 38 / 40, 0.96, 0, 1], { axes: 'B' }), {
        threshold: 0.95,
      }),
    }))
    expect(targets).toEqual([0, 1, 1, 0, 1])
  })

  it('learns for which images the certification network is right under noise', async () => {
    const { epochs } = await train(config('selector', selector(), 2))
    const { updates } = await readRun(join(folder, 'selector'))
    const last = updates.filter(({ epoch }) => epoch === 10).map(({ metrics }) => metrics)
    const meanOf = (name: string) =>
      last.reduce((total, metrics) => total + (metrics[name] ?? Number.NaN), 0) / last.length
    const rows = (await readFile(softLabels, 'utf8')).trimEnd().split('\n').slice(1)
    const digits = await torch.openDataset(session, { source: 'digits', split: 'train' })
    const labels = await session.compute(() => digits.images(rows.map((_, image) => image)).labels_B)
    session.free(digits)
    const targets = rows.map(row => {
      const [image, votes] = JSON.parse(row) as [number, Record<string, number>]
      return Number((votes[labels[image] ?? -1] ?? 0) / COPIES >= THRESHOLD)
    })
    const share = targets.reduce((total, target) => total + target, 0) / targets.length
    expect(share).toBeGreaterThan(0.1)
    expect(share).toBeLessThan(0.9)
    expect(meanOf('certifiedShare')).toBeCloseTo(share, 9)
    // Better than the share alone as the probability of every image.
    const entropy = -share * Math.log(share) - (1 - share) * Math.log(1 - share)
    expect(meanOf('crossEntropy')).toBeLessThan(0.9 * entropy)
    expect(meanOf('trainingAccuracy')).toBeGreaterThan(Math.max(share, 1 - share))
    expect(epochs.at(-1)?.metrics.noisy).toBeGreaterThan(0)
    expect(epochs.at(-1)?.metrics.noisy).toBeLessThan(1)
  })

  it('has no best epoch but the last', async () => {
    expect(await findCheckpoint(join(folder, 'selector'), { checkpoint: 'best' })).toMatchObject({
      checkpoint: expect.stringMatching(/epoch-10$/),
    })
    const table = standTable([{ name: 'selector', run: await readRun(join(folder, 'selector')) }])
    expect(table.rows.map(([figure]) => String(figure)).filter(figure => figure.startsWith('best'))).toEqual(
      [],
    )
    const { stdout } = await runProgram('src/cli/main.ts', 'runs', folder)
    const cells = stdout.split('\n').map(line => line.split('│').map(cell => cell.trim()))
    const at = cells.find(row => row.includes('run'))?.indexOf('best (epoch)') ?? -1
    const shown = cells.filter(row => row.length > at && at > 0).map(row => [row[1], row[at]])
    expect(shown).toContainEqual(['selector', '–'])
    expect(shown).toContainEqual(['teacher', expect.stringMatching(/\(\d+\)$/)])
    expect([isBetter(1, 2, 'newest'), isBetter(1, 2, 'largest'), isBetter(1, 2, 'smallest')]).toEqual([
      ...[true, false, true],
    ])
    expect([isBetter(Number.NaN, 2, 'newest'), isBetter(1, undefined, 'largest')]).toEqual([false, true])
  })

  it('is what ACES takes on the command line, by the folder of its run', async () => {
    const log = join(folder, 'aces.tsv')
    const aces = (selector: string, ...words: string[]) =>
      runProgram(
        ...(['src/cli/main.ts', 'certify', join(folder, 'teacher'), '--aces', '0.5'] as const),
        ...['--selector', selector, '--images', 'first:4', '--n0', '20', '--n', '200', '--batch', '100'],
        ...['--device', 'cpu', '--output', log, ...words],
      )
    const found = await aces(join(folder, 'selector'), '--core', join(folder, 'teacher'))
    expect(found).toMatchObject({ exitCode: 0 })
    const { rows, metadata } = await readCertificationLog(log)
    expect(rows).toHaveLength(4)
    expect(metadata?.configuration.procedure).toMatchObject({ kind: 'aces', selector: 'network', core: true })
    // The weights of the newest checkpoint are what the log names.
    const hash = await fileHash(join(folder, 'selector', 'checkpoints', 'epoch-10', 'model.safetensors'))
    expect(JSON.stringify(metadata?.configuration.models)).toContain(hash)

    const teacher = await aces(join(folder, 'teacher'))
    expect(teacher.exitCode).toBe(1)
    expect(teacher.stderr).toMatch(/has trained by the method gaussian, and no selector/)
    const louder = await aces(join(folder, 'selector'), '--sigma', '0.5')
    expect(louder.exitCode).toBe(1)
    expect(louder.stderr).toMatch(/trained for another smoothing or data.*\n.*smoothing.sigma: 0.5 and 0.25/)
    const core = await aces(join(folder, 'selector'), '--core', join(folder, 'selector'))
    expect(core.stderr).toMatch(/has trained by the method selector, and no core/)
  })

  it('is not taken for a classifier of other images', async () => {
    const { config: certified, data } = await smoothedOfFolder(join(folder, 'teacher'))
    const selected = (images: typeof data) =>
      networkOfRun(join(folder, 'selector'), { role: 'selector', certified, images })
    expect(await selected(data)).toMatchObject({ checkpoint: expect.stringMatching(/epoch-10$/) })
    const other = data && { ...data, train: { ...data.train, images: 7 } }
    await expect(selected(other)).rejects.toThrow(
      'training images: number of images: 7 of the classifier, 1200 of the selector',
    )
  })

  it('is a network of two classes', async () => {
    await expect(train(config('ten', selector(), 10))).rejects.toThrow(
      'The method takes a head of 2 classes, but that of the classifier has 10. Set classifier.numClasses to 2',
    )
  })

  it('takes the predictions of its own training set alone', async () => {
    await expect(
      train(config('none', selector({ predictions: join(folder, 'none.jsonl') }), 2)),
    ).rejects.toThrow(/none.jsonl is missing.*ft-cadis soft-labels/)
  })
})
