import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { evaluate, findCheckpoint, loadTrainedClassifier, type Session, smoothingOf, torch } from '../../src'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { accuracy } from '../../src/objectives/accuracy'
import { connectForTest } from '../support/digits'
import { finetuneCollecting } from '../support/finetune-collecting'
import { readTensors } from '../support/run-files'
import { shortRun } from '../support/short-run'

const FILE = join(PACKAGE_FOLDER, 'test', 'support', 'batch_norm_network.py')

describe('a run of a network with batch normalisation', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-running-statistics-'))
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  /** Two epochs of three updates without a denoiser. */
  function config(name: string, changes: object) {
    const base = shortRun(join(folder, name))
    return {
      ...base,
      smoothing: { ...base.smoothing, sigma: 0.25, denoiser: { source: 'none' as const } },
      optimisation: { ...base.optimisation, imagesPerUpdate: 400, layerDecay: 1 },
      ...changes,
    }
  }

  it.each([
    ['one micro-batch', 400, 5],
    ['the second of several micro-batches', 100, 19],
  ])('leaves its statistics as they were where an update is not taken for %s', async (_, images, at) => {
    const base = config(`overflow-${images}`, {})
    const { networks, updates, epochs, checkpoint } = await finetuneCollecting(
      session,
      {
        ...base,
        classifier: { source: 'python', file: FILE, factory: 'overflowing', arguments: { at } },
        optimisation: { ...base.optimisation, imagesPerMicroBatch: images },
      },
      { evaluationImages: 40 },
    )
    session.free(networks)
    expect(updates.map(({ taken }) => taken)).toEqual([true, true, false, true, true, true])
    expect(epochs).toHaveLength(2)
    const tensors = await readTensors(join(checkpoint, 'model.safetensors'))
    const statistics = [...tensors].filter(([name]) => name.includes('running_'))
    expect(statistics).toHaveLength(2)
    for (const [name, values] of statistics)
      expect([name, [...values].every(Number.isFinite)]).toEqual([name, true])
  })

  it('is certified as it was trained, also under LoRA', async () => {
    const run = config('lora', {
      classifier: { source: 'python', file: FILE, factory: 'attention', heads: ['head'] },
      tuning: { kind: 'lora', rank: 2, alpha: 2 },
    })
    const { networks, epochs } = await finetuneCollecting(session, run, { evaluationImages: 40 })
    const again = await loadTrainedClassifier(session, await findCheckpoint(join(folder, 'lora')))
    const testSet = await torch.openDataset(session, { source: 'digits', split: 'test' })
    // Of a factor that takes gradients, torch multiplies matrices in another order.
    const frozen = networks.classifier.frozenCopy()
    const [trained, reloaded] = await session.compute(() => {
      const images_NCHW = torch.flatten(testSet.images([0, 1, 2, 3]).images_BCHW, 'B', 'N')
      return [frozen.classify(images_NCHW), again.classify(images_NCHW)]
    })
    expect(reloaded).toEqual(trained)
    expect(epochs).toHaveLength(2)
    session.free([networks, frozen, again, testSet])
  })

  it('under LoRA is said not to be whole where an earlier version wrote its checkpoint', async () => {
    const run = await findCheckpoint(join(folder, 'lora'))
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const load = async () => session.free(await loadTrainedClassifier(session, run))
    await load()
    expect(warnings).not.toHaveBeenCalled()
    const file = join(run.checkpoint, 'smoothed.json')
    const { hooks: _, ...earlier } = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify(earlier))
    await load()
    expect(warnings.mock.calls.join()).toMatch(/earlier version, in which training under LoRA moved running/)
    warnings.mockRestore()
  })

  it('counts NaN as wrong where it is evaluated', async () => {
    const testSet = await torch.openDataset(session, { source: 'digits', split: 'test' })
    const classifier = await torch.loadClassifier(session, {
      source: 'python',
      file: join(PACKAGE_FOLDER, 'test', 'support', 'nan_network.py'),
      factory: 'make',
      arguments: { darkest: 100 },
    })
    const found = await evaluate({ networks: { classifier }, smoothing: smoothingOf(null, 0.25) }, testSet, {
      ...{ evaluation: accuracy, batch: 40, seed: 0 },
      indices: Array.from({ length: 40 }, (_, index) => index),
    })
    expect(found).toEqual({ clean: 0, noisy: 0 })
    session.free([testSet, classifier])
  })
})
