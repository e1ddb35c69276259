import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CheckpointError,
  ConfigError,
  certify,
  evaluate,
  type FinetuneHooks,
  finetune,
  InterruptedError,
  type RunConfigInput,
  type Session,
  torch,
} from '../../src'
import { accuracy } from '../../src/objectives/accuracy'
import { readCheckpoint } from '../../src/runs/checkpoint'
import { requireDataOf } from '../../src/runs/resume'
import { readSmoothed } from '../../src/smoothing/smoothed-file'
import { smoothingOf } from '../../src/smoothing/smoothing'
import { connectForTest } from '../support/digits'
import { greySettings, writeGreyImages } from '../support/tiny-images'

describe('a run and its data', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-run-data-'))
    await writeGreyImages(join(folder, 'A'), { dark: 10, light: 240 })
    const stop = new AbortController()
    const stopped = train('stopped', 'A', {
      signal: stop.signal,
      onUpdate: ({ step }) => {
        if (step === 2) stop.abort('SIGTERM')
      },
    })
    await expect(stopped).rejects.toThrow(InterruptedError)
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  function settings(
    run: string,
    name: string,
    options: Parameters<typeof greySettings>[1] = {},
  ): RunConfigInput {
    return {
      ...greySettings(join(folder, name), options),
      method: { kind: 'cross-entropy', images: 'clean' },
      optimisation: { epochs: 2, imagesPerUpdate: 2, learningRate: 1e-3, weightDecay: { start: 0, end: 0 } },
      output: join(folder, run),
    }
  }

  async function train(run: string, name: string, hooks: FinetuneHooks = {}, options = {}): Promise<string> {
    const { networks, smoothing, checkpoint } = await finetune(
      session,
      settings(run, name, options),
      hooks as object,
    )
    session.free([networks, smoothing])
    return checkpoint
  }

  /** Resumes a copy of the stopped run. */
  async function resume(run: string, name: string, options = {}): Promise<string> {
    await cp(join(folder, 'stopped'), join(folder, run), { recursive: true })
    return train(run, name, { existing: 'resume' }, options)
  }

  const lastCheckpoint = () => join(folder, 'stopped', 'checkpoints', 'step-000003')
  const json = async (...path: string[]) => JSON.parse(await readFile(join(folder, ...path), 'utf8'))

  it('says in each of its files what the data are', async () => {
    const data = {
      train: { images: 8, classes: ['dark', 'light'], digest: expect.stringMatching(/^[0-9a-f]{16}$/) },
      test: { images: 8, classes: ['dark', 'light'], digest: expect.stringMatching(/^[0-9a-f]{16}$/) },
    }
    expect(await json('stopped', 'config.json')).toMatchObject({ data })
    expect((await readCheckpoint(lastCheckpoint())).state).toMatchObject({ data })
    expect(await readSmoothed(lastCheckpoint())).toMatchObject({ data })
  })

  it('continues where they were moved', async () => {
    await cp(join(folder, 'A'), join(folder, 'elsewhere'), { recursive: true })
    await rename(join(folder, 'elsewhere'), join(folder, 'moved'))
    expect(await resume('resumed', 'moved')).toMatch(/epoch-02$/)
    expect(await resume('listed', 'moved', { data: { classes: ['dark', 'light'] } })).toMatch(/epoch-02$/)
  })

  it('is not resumed on data of other classes, pixels, names or numbers', async () => {
    await writeGreyImages(join(folder, 'B'), { bright: 240, night: 10 })
    await writeGreyImages(join(folder, 'C'), { dark: 10, light: 240 }, { images: 7 })
    await cp(join(folder, 'A'), join(folder, 'D'), { recursive: true })
    await rename(join(folder, 'D', 'train', 'dark', '0.ppm'), join(folder, 'D', 'train', 'dark', '9.ppm'))
    await writeGreyImages(join(folder, 'E'), { dark: 20, light: 230 })
    const cases = [
      [
        'B',
        /begun with other data:\n {2}train: classes: dark, light then, bright, night now\n {2}test: classes/,
      ],
      ['C', /train: number of images: 8 then, 14 now/],
      ['D', /train: digest of images and labels: [0-9a-f]{16} then, [0-9a-f]{16} now\nGive/],
      ['E', /train: digest of images and labels: .*\n {2}test: digest of images and labels: /],
    ] as const
    for (const [name, reason] of cases) {
      const resumed = resume(`on ${name}`, name)
      await expect(resumed).rejects.toThrow(CheckpointError)
      await expect(resumed).rejects.toThrow(reason)
      expect(await readFile(join(folder, `on ${name}`, 'metrics.jsonl'))).toEqual(
        await readFile(join(folder, 'stopped', 'metrics.jsonl')),
      )
    }
  })

  it('of an earlier version is resumed on data of the same classes, with a warning', async () => {
    const { folder: path, state } = await readCheckpoint(lastCheckpoint())
    const earlier = { folder: path, state: { ...state, data: null }, format: 2 as const, optimizerFile: '' }
    const warnings: string[] = []
    const listen = ({ message }: Error) => warnings.push(message)
    process.on('warning', listen)
    const data = state.data ?? expect.fail('no data')
    await requireDataOf(earlier, data)
    const classes = ['light', 'dark']
    const other = requireDataOf(earlier, { ...data, train: { ...data.train, classes } })
    await expect(other).rejects.toThrow(/with the classes dark, light; the data now have light, dark/)
    await new Promise(setImmediate)
    process.off('warning', listen)
    expect(warnings).toEqual([
      expect.stringMatching(/step-000003 is of an earlier version: .* cannot be checked/),
    ])
  })

  it('is certified and evaluated on data of its classes alone', async () => {
    const { config } = (await readSmoothed(lastCheckpoint())) ?? expect.fail('no smoothed.json')
    const on = (name: string, data = {}) => ({
      ...{ ...config, data: { ...config.data, path: join(folder, name), ...data } },
      certification: { ...config.certification, n0: 16, n: 64 },
      output: join(folder, `on ${name}`),
    })
    await writeGreyImages(join(folder, 'B2'), { bright: 240, night: 10 })
    const other = certify(session, on('B2'))
    await expect(other).rejects.toThrow(ConfigError)
    await expect(other).rejects.toThrow(/logit 0 is "dark" in the weights, "bright" in the data/)
    const { rows } = await certify(session, on('B2', { classes: { bright: 1, night: 0 } }))
    expect(rows.every(({ correct }) => correct)).toBe(true)
    const classifier = await torch.loadClassifier(session, {
      ...greySettings('').classifier,
      path: lastCheckpoint(),
    })
    const dataset = await torch.openDataset(session, {
      ...{ source: 'folder', path: join(folder, 'B2'), split: 'test', imageSize: 8, resizeSize: 8 },
    })
    const smoothing = smoothingOf(null, 0.25)
    const evaluated = evaluate({ networks: { classifier }, smoothing }, dataset, {
      evaluation: accuracy,
      batch: 4,
      seed: 0,
    })
    await expect(evaluated).rejects.toThrow(/logit 0 is "dark"/)
    session.free([classifier, dataset])
  })

  it('may be renamed under its certification log', async () => {
    const certifyAt = async (name: string, images: object | 'all') => {
      const checkpoint = join(folder, name, 'checkpoints', 'step-000003')
      const { config } = (await readSmoothed(checkpoint)) ?? expect.fail('no smoothed.json')
      const certification = { ...config.certification, n0: 16, n: 64, images } as typeof config.certification
      return certify(session, { ...config, certification }, { log: join(folder, 'renamed.tsv') })
    }
    await cp(join(folder, 'stopped'), join(folder, 'a name'), { recursive: true })
    await certifyAt('a name', { first: 3 })
    await rename(join(folder, 'a name'), join(folder, 'another name'))
    expect((await certifyAt('another name', 'all')).rows).toHaveLength(8)
  })

  it('asks for the order of class folders that are numbers', async () => {
    await writeGreyImages(join(folder, 'N'), { 1: 10, 10: 240, 2: 120 })
    const train3 = (run: string, data = {}) => train(run, 'N', {}, { classes: 3, data })
    await expect(train3('numbers')).rejects.toThrow(/1, 10, 2.*1, 2, 10.*\n?.*data.classes/)
    await train3('numeric', { classes: 'numeric' })
    expect(await json('numeric', 'config.json')).toMatchObject({
      data: { train: { classes: ['1', '2', '10'] } },
    })
  })
})
