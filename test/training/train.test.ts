import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  ablations,
  ConfigError,
  type FinetuneResult,
  NonFiniteLossError,
  presets,
  type RunConfigOf,
  type Session,
  torch,
  type UpdateReport,
} from '../../src'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'
import { finetuneCollecting } from '../support/finetune-collecting'

describe('finetune', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
  })
  afterAll(() => session.close())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-train-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  /** One epoch of three updates, M = 2 and T = 1. */
  function shortRun<Config>(name: string, change: (config: RunConfigOf<'ft-cadis'>) => Config): Config
  function shortRun(name: string): RunConfigOf<'ft-cadis'>
  function shortRun(name: string, change: (config: RunConfigOf<'ft-cadis'>) => unknown = config => config) {
    const config = presets.digits({ denoiser: DENOISER, classifier: CLASSIFIER, output: join(folder, name) })
    return change({
      ...config,
      method: { ...config.method, noises: 2, attack: { ...config.method.attack, steps: 1 } },
      optimisation: { ...config.optimisation, epochs: 1, warmupEpochs: 0.5, imagesPerUpdate: 400 },
    })
  }
  const free = ({ networks, smoothing }: FinetuneResult) => session.free([networks, smoothing])
  const losses = (updates: readonly UpdateReport[]) => updates.map(({ loss }) => loss)

  it('is bit-identical for the same seed, differs for another, and leaves nothing behind but its networks', async () => {
    const before = session.liveTensors()
    const first = await finetuneCollecting(session, shortRun('a'))
    const second = await finetuneCollecting(session, shortRun('b'))
    const other = await finetuneCollecting(
      session,
      shortRun('c', config => ({ ...config, seed: 1 })),
    )
    expect(losses(second.updates)).toEqual(losses(first.updates))
    expect(second.epochs).toEqual(first.epochs)
    expect(losses(other.updates)).not.toEqual(losses(first.updates))
    const weights = (name: string) =>
      readFile(join(folder, name, 'checkpoints', 'epoch-01', 'model.safetensors'))
    expect((await weights('b')).equals(await weights('a'))).toBe(true)
    expect((await weights('c')).equals(await weights('a'))).toBe(false)
    for (const result of [first, second, other]) free(result)
    await session.flush()
    expect(session.liveTensors()).toBe(before)
  })

  it('writes the run folder: configuration, a row for each update and epoch, loadable weights', async () => {
    const result = await finetuneCollecting(
      session,
      shortRun('run', config => ({
        ...config,
        optimisation: { ...config.optimisation, epochs: 2, imagesPerUpdate: 600 },
        checkpoints: { ...config.checkpoints, everyEpochs: 1 },
      })),
    )
    free(result)
    const { checkpoint, updates, epochs } = result
    expect(updates.map(({ epoch, update }) => `${epoch}/${update}`)).toEqual(['1/1', '1/2', '2/1', '2/2'])
    expect(updates[0]?.learningRate).toBe(0)
    expect(updates[0]?.weightDecay).toBeCloseTo(0.04, 12)
    const run = join(folder, 'run')
    const { config, python, versions } = JSON.parse(await readFile(join(run, 'config.json'), 'utf8'))
    expect(config.smoothing.sigma).toBe(0.75)
    expect(python.torch).toBe(session.info.torch)
    expect(versions.node).toBe(process.versions.node)
    const rows = (await readFile(join(run, 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(rows.map(({ kind }) => kind)).toEqual(['update', 'update', 'epoch', 'update', 'update', 'epoch'])
    const { metrics, ...place } = epochs[0] ?? {}
    expect(rows[2]).toEqual({ kind: 'epoch', ...place, ...metrics })
    expect(await readdir(join(run, 'checkpoints'))).toEqual(['epoch-01', 'epoch-02'])
    const reloaded = await torch.loadClassifier(session, { source: 'timm', path: checkpoint })
    session.free(reloaded)
  })

  it('takes two answers of Python and few instructions for a micro-batch, whatever M and T', async () => {
    const sentPerUpdate = async (name: string, noises: number, steps: number) => {
      let last = { ...session.counters }
      let counted = {}
      const config = shortRun(name)
      const result = await finetuneCollecting(
        session,
        {
          ...config,
          method: {
            ...{ ...config.method, noises, adversarial: 'all' },
            attack: { ...config.method.attack, steps },
          },
        },
        {
          ...{ stopAfterUpdates: 2, updatesOnly: true, eventFiles: true },
          onUpdate: ({ update }) => {
            const { roundTrips, instructions } = session.counters
            if (update === 2) {
              counted = {
                roundTrips: roundTrips - last.roundTrips,
                instructions: instructions - last.instructions,
              }
            }
            last = { ...session.counters }
          },
        },
      )
      free(result)
      return counted
    }
    // Ten, and one that writes the event file.
    expect(await sentPerUpdate('m2', 2, 1)).toEqual({ roundTrips: 2, instructions: 11 })
    expect(await sentPerUpdate('m4', 4, 3)).toEqual({ roundTrips: 2, instructions: 11 })
  })

  it('adds up the gradients of micro-batches', async () => {
    const train = (name: string, method: object, imagesPerMicroBatch: number) =>
      finetuneCollecting(
        session,
        shortRun(name, config => ({
          ...config,
          ...method,
          optimisation: { ...config.optimisation, imagesPerMicroBatch },
        })),
      )
    // Without noise, a sum over images is the same up to its rounding.
    const clean = { method: { kind: 'cross-entropy', images: 'clean' } }
    const whole = await train('clean whole', clean, 400)
    const parts = await train('clean parts', clean, 100)
    expect(parts.updates).toHaveLength(3)
    for (const [update, { loss, gradientNorm }] of whole.updates.entries()) {
      expect(parts.updates[update]?.loss).toBeCloseTo(loss, 4)
      expect((parts.updates[update]?.gradientNorm ?? 0) / gradientNorm).toBeCloseTo(1, 3)
    }
    // Other noise, the same images: close, not equal.
    const noisyWhole = await train('whole', {}, 400)
    const noisyParts = await train('parts', {}, 100)
    const [[first], [shared]] = [noisyWhole.updates, noisyParts.updates]
    expect(shared?.loss).toBeCloseTo(first?.loss ?? 0, 0)
    expect(shared?.metrics.keptShare).toBeCloseTo(first?.metrics.keptShare ?? 0, 1)
    expect((shared?.gradientNorm ?? 0) / (first?.gradientNorm ?? 0)).toBeCloseTo(1, 0)
    for (const result of [whole, parts, noisyWhole, noisyParts]) free(result)
  })

  let reference: Awaited<ReturnType<typeof finetuneCollecting>> | undefined
  it.each([
    ['cross-entropy on all images (Table 5, row 2)', ablations.table5.withoutSelection],
    ['no mask (Table 5, row 3)', ablations.table5.withoutMask],
    ['plain cross-entropy (Eq. 6)', ablations.table5.crossEntropyOnly],
    ['D_nh not updated (Table 6)', ablations.table6.withoutUpdate],
    ['the hard target (Table 7)', ablations.table7.hardTarget],
  ])('trains otherwise with %s', async (_name, ablation) => {
    reference ??= await finetuneCollecting(session, shortRun('reference'))
    const ablated = await finetuneCollecting(session, shortRun('ablated', ablation))
    expect(losses(ablated.updates)).not.toEqual(losses(reference.updates))
    free(ablated)
  })

  it('trains adapters alone under LoRA, and writes them in the format of PEFT', async () => {
    const { networks, smoothing, checkpoint } = await finetuneCollecting(
      session,
      shortRun('lora', config => ({ ...config, tuning: { kind: 'lora', rank: 4, alpha: 4 } })),
    )
    const { classifier } = networks
    expect(classifier.trainableParameters).toBe(4_746)
    const adapted = await torch.loadClassifier(session, {
      source: 'timm',
      path: CLASSIFIER,
      adapter: checkpoint,
    })
    const [before, after] = await session.compute(() => {
      const image_NCHW = torch.tensor(session, [[Array(8).fill(Array(8).fill(0.3))]], { axes: 'NCHW' })
      return [classifier.classify(image_NCHW), adapted.classify(image_NCHW)]
    })
    expect(after).toEqual(before)
    expect(await readdir(checkpoint)).toEqual(
      expect.arrayContaining(['adapter_config.json', 'adapter_model.safetensors']),
    )
    session.free([networks, smoothing, adapted])
  })

  it('takes no step on a loss that is not finite, and ends after three in a row', async () => {
    const diverging = shortRun('diverges', config => ({
      ...config,
      optimisation: {
        ...config.optimisation,
        warmupEpochs: 0,
        learningRate: 1e30,
        imagesPerUpdate: 100,
        imagesPerMicroBatch: 50,
      },
    }))
    const reports: UpdateReport[] = []
    const run = finetuneCollecting(session, diverging, { onUpdate: report => void reports.push(report) })
    await expect(run).rejects.toThrow(NonFiniteLossError)
    await expect(run).rejects.toThrow(
      /Update 4 .* the last of 3 such updates in a row\. Its step was not taken/,
    )
    expect(reports.map(({ taken }) => taken)).toEqual([true, false, false, false])
    const records = join(folder, 'diverges', 'non-finite')
    expect(await readdir(records)).toEqual(['step-000002.json', 'step-000003.json', 'step-000004.json'])
    const record = JSON.parse(await readFile(join(records, 'step-000002.json'), 'utf8'))
    expect(record).toMatchObject({ step: 2, epoch: 1, update: 2, taken: false, loss: 'NaN' })
    expect(record.microBatches).toHaveLength(2)
    expect(record.microBatches[1]).toMatchObject({ microBatch: 1, stream: [0, 'train', 1, 2, 1] })
    expect(record.microBatches[1].images).toHaveLength(50)
    const state = JSON.parse(await readFile(join(folder, 'diverges', 'state.json'), 'utf8'))
    expect(state).toMatchObject({ state: 'failed', step: 4, message: expect.stringContaining('Update 4') })

    const stops = finetuneCollecting(session, diverging, { existing: 'replace', onNonFinite: 'stop' })
    await expect(stops).rejects.toThrow(/Update 2 has the loss NaN/)
    expect(await readdir(records)).toEqual(['step-000002.json'])
  })

  it('refuses a folder that holds a run, and replaces it when told to', async () => {
    const first = await finetuneCollecting(session, shortRun('twice'))
    await expect(finetuneCollecting(session, shortRun('twice'))).rejects.toThrow(ConfigError)
    const again = await finetuneCollecting(session, shortRun('twice'), { existing: 'replace' })
    expect(losses(again.updates)).toEqual(losses(first.updates))
    for (const result of [first, again]) free(result)
  })

  it('says what to do where an update takes more images than there are', async () => {
    const config = shortRun('many')
    const run = finetuneCollecting(session, {
      ...config,
      optimisation: { ...config.optimisation, imagesPerUpdate: 1201 },
    })
    await expect(run).rejects.toThrow(/1200 images.*1201.*Lower optimisation.imagesPerUpdate/)
  })

  it('lets a rule of the user decide', async () => {
    const seen: number[] = []
    const places: number[] = []
    const result = await finetuneCollecting(session, shortRun('rule'), {
      rule: ({ correct }, { labels, settings, position, random }) => {
        seen.push(correct.length)
        places.push(position.step)
        expect(labels).toHaveLength(400)
        expect(settings).toMatchObject({ noises: 2, attack: { steps: 1, epsilon: 0.5 } })
        expect(random()).toBeLessThan(1)
        return {
          weights: correct.map(row => row.map(() => 1)),
          attacked: [0],
          keptCounts: labels.map(() => 0),
        }
      },
    })
    const { updates } = result
    expect({ seen, places }).toEqual({ seen: [2, 2, 2], places: [1, 2, 3] })
    expect(updates[0]?.metrics.attackedShare).toBeCloseTo(1 / 400, 12)
    free(result)
  })
})
