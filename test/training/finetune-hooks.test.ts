import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  ConfigError,
  type DenoiserConfig,
  dryRun,
  type EpochReport,
  type FinetuneHooks,
  presets,
  type RunConfig,
  type RunStart,
  type Session,
} from '../../src'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'
import { finetuneCollecting } from '../support/finetune-collecting'
import { runSupportScript } from '../support/run-example'

describe('finetune', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
  })
  afterAll(() => session.close())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-hooks-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  function config(changes: Partial<RunConfig> = {}): RunConfig {
    const output = join(folder, 'run')
    const { optimisation, ...others } = presets.digits({ denoiser: DENOISER, classifier: CLASSIFIER, output })
    return { ...others, optimisation: { ...optimisation, imagesPerUpdate: 400 }, ...changes }
  }

  it('stops after this many updates, in the middle of an epoch, and leaves its checkpoint', async () => {
    const starts: RunStart[] = []
    const { updates, epochs, checkpoint, networks, smoothing } = await finetuneCollecting(session, config(), {
      stopAfterUpdates: 4,
      evaluationImages: 10,
      onStart: start => {
        starts.push(start)
      },
    })
    expect(updates.map(({ epoch, update }) => [epoch, update])).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 1],
    ])
    expect(starts.map(({ plan }) => plan)).toEqual([
      {
        ...{ epochs: 2, updatesPerEpoch: 3, updates: 4, microBatches: 1, imagesPerMicroBatch: 400 },
        ...{ images: 1600, lastUpdate: { images: 400, microBatches: 1 } },
      },
    ])
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2])
    // Ten images: accuracies are tenths.
    for (const { metrics } of epochs) {
      const { clean, noisy } = metrics
      for (const share of [clean, noisy])
        expect(10 * Number(share)).toBeCloseTo(Math.round(10 * Number(share)), 9)
    }
    expect(checkpoint).toBe(join(folder, 'run', 'checkpoints', 'step-000004'))
    session.free([networks, smoothing])
  })

  it('leaves neither accuracy nor checkpoint where updates alone are asked for', async () => {
    const result = await finetuneCollecting(session, config(), { stopAfterUpdates: 2, updatesOnly: true })
    expect(result).toMatchObject({ epochs: [], checkpoint: '' })
    expect(await readdir(join(folder, 'run'))).not.toContain('checkpoints')
    session.free([result.networks, result.smoothing])
  })

  it('refuses a head with other classes than the data, before the first step', async () => {
    const classifier = { ...config().classifier, numClasses: 7 }
    const run = finetuneCollecting(session, config({ classifier }))
    await expect(run).rejects.toThrow(ConfigError)
    await expect(run).rejects.toThrow(/data have 10 classes, but the head of the classifier has 7/)
    const { problems } = await dryRun(session, config({ classifier }))
    expect(problems).toEqual([expect.stringContaining('the head of the classifier has 7')])
  })

  it('calls an earlier run a problem in a dry run, unless it is to be resumed or replaced', async () => {
    const { output } = config()
    await mkdir(output)
    await writeFile(join(output, 'metrics.jsonl'), 'of an earlier run')
    const problemsOf = async (existing?: FinetuneHooks['existing']) =>
      (await dryRun(session, config(), { existing })).problems
    for (const existing of [undefined, 'refuse'] as const) {
      expect(await problemsOf(existing)).toEqual([
        expect.stringMatching(/already holds a run \(metrics.jsonl\)/),
      ])
    }
    for (const existing of ['resume', 'replace'] as const) expect(await problemsOf(existing)).toEqual([])
    expect(await readdir(output)).toEqual(['metrics.jsonl'])
    expect(await readFile(join(output, 'metrics.jsonl'), 'utf8')).toBe('of an earlier run')
  })

  it('reports the corrupt images that others have stood in for', async () => {
    const data = join(folder, 'images')
    await runSupportScript('folder_with_corrupt_image.py', data)
    const reports: EpochReport[] = []
    const base = config()
    const { networks, smoothing } = await finetuneCollecting(
      session,
      config({
        data: {
          source: 'folder',
          path: data,
          imageSize: 8,
          resizeSize: 8,
          augment: false,
          workers: 0,
          onCorrupt: 'skip',
        },
        smoothing: { sigma: 0.25, denoiser: TINY_DENOISER },
        classifier: { ...TINY_CLASSIFIER },
        optimisation: { ...base.optimisation, imagesPerUpdate: 4, epochs: 2, warmupEpochs: 0 },
      }),
      {
        onEpoch: report => {
          reports.push(report)
        },
      },
    )
    // The random image that stands in may be the corrupt one again, so it is once an epoch at least.
    const [first = 0, second = 0] = reports.map(({ skippedImages }) => skippedImages)
    expect(first).toBeGreaterThan(0)
    expect(second).toBeGreaterThan(first)
    expect(reports[1]?.skippedPaths).toEqual([join(data, 'train', 'b', '003.jpg')])
    session.free([networks, smoothing])
  })
})

/** The smallest networks for images of 3 x 8 x 8 pixels, with random weights. */
const TINY_DENOISER: DenoiserConfig = {
  source: 'openai',
  arguments: {
    image_size: 32,
    num_channels: 32,
    num_res_blocks: 1,
    channel_mult: '1,1',
    attention_resolutions: '16',
  },
  dtype: 'float32',
}
const TINY_CLASSIFIER: RunConfig['classifier'] = {
  source: 'timm',
  name: 'vit_tiny_patch16_224',
  pretrained: false,
  modelArgs: { img_size: 8, patch_size: 4, embed_dim: 16, depth: 2, num_heads: 2 },
  numClasses: 2,
  inputRange: 'symmetric',
  dropPath: 0,
}
