import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type CertifyOptions,
  ConfigError,
  certify,
  DataError,
  type FinetuneHooks,
  type FtCadisLossTerm,
  InterruptedError,
  PythonError,
  type RunConfigInput,
  readRun,
  readSmoothed,
  runReport,
  type Session,
  type Smoothed,
  torch,
} from '../../src'
import { renderReport } from '../../src/analysis'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { runPython } from '../bridge/support'
import { connectForTest } from '../support/digits'
import { finetuneCollecting } from '../support/finetune-collecting'
import { shortRun } from '../support/short-run'

/** The smallest networks for images of 3 x 8 x 8 pixels, with random weights. */
const TINY_DENOISER: RunConfigInput['smoothing']['denoiser'] = {
  source: 'openai',
  arguments: { image_size: 32, num_channels: 32, num_res_blocks: 1, channel_mult: '1,1' },
  dtype: 'float32',
}
const TINY_CLASSIFIER: RunConfigInput['classifier'] = {
  source: 'timm',
  name: 'vit_tiny_patch16_224',
  pretrained: false,
  modelArgs: { img_size: 8, patch_size: 4, embed_dim: 16, depth: 1, num_heads: 1 },
  inputRange: 'symmetric',
}

/** What a shell would run, take apart or expand, beside letters of many alphabets. */
const ODD_NAME = 'Größe 日本 🐍 $(touch pwned) `touch pwned` ;touch pwned & "\' %s {a} *'

const SECRET = 'hunter2-of-the-environment'

describe('a run', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    vi.stubEnv('SOME_API_TOKEN', SECRET)
    // As in containers and under queues: everything below works without.
    vi.stubEnv('HOME', undefined)
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-odd-'))
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  /** Three updates of 400 images in one epoch. */
  function config(name: string): ReturnType<typeof shortRun> {
    const run = shortRun(join(folder, name))
    return {
      ...run,
      optimisation: { ...run.optimisation, epochs: 1, imagesPerUpdate: 400 },
      checkpoints: { ...run.checkpoints, everyUpdates: undefined },
    }
  }

  async function train(config: RunConfigInput, hooks: FinetuneHooks = {}) {
    const { networks, smoothing, updates, checkpoint } = await finetuneCollecting(session, config, {
      evaluationImages: 10,
      ...hooks,
    })
    session.free([networks, smoothing])
    return { updates, checkpoint }
  }

  async function certifyFirst(checkpoint: string, images: number, options: CertifyOptions = {}) {
    const known = (await readSmoothed(checkpoint)) as Smoothed
    const certification = { ...known.config.certification, n0: 8, n: 16, images: { first: images } }
    const config = { ...known.config, output: checkpoint, certification }
    return certify(session, { ...known, config }, options)
  }

  /** Every file below a folder. */
  async function filesBelow(root: string): Promise<string[]> {
    const entries = await readdir(root, { recursive: true, withFileTypes: true })
    return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  }

  it('lies at a path of any characters: it continues, is certified and reported, and none of them is run', async () => {
    const run = config(ODD_NAME)
    const stop = new AbortController()
    const stopped = train(run, { signal: stop.signal, onUpdate: () => stop.abort('SIGTERM') })
    await expect(stopped).rejects.toThrow(InterruptedError)
    const { updates, checkpoint } = await train(run, { existing: 'resume' })
    expect(updates.map(({ step }) => step)).toEqual([3])
    const log = join(run.output, 'certify-here.tsv')
    const { rows } = await certifyFirst(checkpoint, 1, { log })
    expect(rows).toHaveLength(1)
    const page = renderReport(await runReport([{ name: ODD_NAME, run: await readRun(run.output) }]))
    expect(page).toContain('<h1>Größe 日本 🐍 $(touch pwned) `touch pwned`')
    for (const place of [folder, run.output, PACKAGE_FOLDER])
      expect(await readdir(place)).not.toContain('pwned')
  })

  it('says nothing of the environment in its folder', async () => {
    const files = await filesBelow(folder)
    expect(files.length).toBeGreaterThan(10)
    for (const file of files) expect((await readFile(file)).includes(SECRET), file).toBe(false)
    // What shows that one would be found.
    expect((await readFile(join(folder, ODD_NAME, 'config.json'))).includes('digits')).toBe(true)
  })

  it('has a name as long as a name may be, one image and one noise', async () => {
    const run = config('x'.repeat(255))
    const one = {
      ...run,
      method: { ...run.method, noises: 1 },
      optimisation: { ...run.optimisation, imagesPerUpdate: 1, imagesPerMicroBatch: 1 },
    }
    const { updates, checkpoint } = await train(one, { stopAfterUpdates: 2 })
    expect(updates.map(({ taken, loss }) => taken && Number.isFinite(loss))).toEqual([true, true])
    expect(await readdir(checkpoint)).toContain('trainer.json')
  })

  it('of a longer name is refused before anything is loaded', async () => {
    const refused = train(config('x'.repeat(256)))
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(/cannot be written: ENAMETOOLONG.*Choose an output folder/)
  })

  it('has a head of 10,000 classes, and is certified', async () => {
    const base = config('many-classes')
    const data = {
      source: 'synthetic',
      imageSize: 8,
      classes: 10_000,
      trainImages: 4,
      testImages: 2,
    } as const
    const run: RunConfigInput = {
      ...base,
      data,
      smoothing: { sigma: 0.25, denoiser: { source: 'none' } },
      classifier: { ...TINY_CLASSIFIER, numClasses: 10_000 },
      method: { ...base.method, noises: 1 },
      optimisation: { ...base.optimisation, imagesPerUpdate: 4 },
    }
    const { updates, checkpoint } = await train(run)
    // Weights that know nothing: the logarithm of the number of classes.
    expect(updates[0]?.metrics.selectiveCrossEntropy).toBeCloseTo(Math.log(10_000), 0)
    const { rows } = await certifyFirst(checkpoint, 2)
    expect(rows.map(({ evidence }) => evidence?.n)).toEqual([16, 16])
  })

  it('without an image is refused by the folder that has none', async () => {
    const data = join(folder, 'empty')
    for (const split of ['train', 'val']) await mkdir(join(data, split, 'a'), { recursive: true })
    const base = config('no-images')
    const refused = train({
      ...base,
      smoothing: { sigma: 0.25, denoiser: TINY_DENOISER },
      classifier: TINY_CLASSIFIER,
      data: { source: 'folder', path: data, imageSize: 8, resizeSize: 8, workers: 0 },
    })
    await expect(refused).rejects.toThrow(DataError)
    await expect(refused).rejects.toThrow(/empty.*no image/s)
  })

  it('takes no step on a gradient that is NaN although its loss is finite', async () => {
    // Zero, and at zero the root has an infinite slope.
    const spoilt: FtCadisLossTerm = (_inputs, { kept: { logProbabilities_MBK } }) =>
      torch.sum(torch.sqrt(torch.square(torch.sub(logProbabilities_MBK, torch.detach(logProbabilities_MBK)))))
    const { updates } = await train(config('gradient'), {
      lossTerm: spoilt,
      updatesOnly: true,
      stopAfterUpdates: 2,
    })
    expect(updates).toHaveLength(2)
    for (const { taken, loss, gradientNorm } of updates) {
      expect({ taken, isFinite: Number.isFinite(loss), gradientNorm }).toEqual({
        ...{ taken: false, isFinite: true, gradientNorm: Number.NaN },
      })
    }
  })

  it('of number types that do not fit says which, and where they met', async () => {
    const mixed = session.compute(() => {
      const images_ND = torch.tensor(session, [[1]], { axes: 'ND' })
      const weights = torch.tensor(session, [[1]], { axes: 'KD', dtype: 'float64' })
      return torch.linear(images_ND, 'D', {
        weights,
        bias: torch.tensor(session, [0], { axes: 'K' }),
        as: 'K',
      })
    })
    await expect(mixed).rejects.toThrow(PythonError)
    await expect(mixed).rejects.toThrow(/linear, recorded at .*odd-runs\.test\.ts.*(dtype|Double|double)/)
  })

  it('needs no home folder', async () => {
    runPython(session, 'import os; assert "HOME" not in os.environ')
    await session.flush()
    expect((await filesBelow(folder)).some(file => file.endsWith('trainer.json'))).toBe(true)
  })
})
