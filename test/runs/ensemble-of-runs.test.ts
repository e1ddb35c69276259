import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { smoothedSource } from '../../src/cli/smoothed-source'
import { certificationOf } from '../../src/config/schema'
import { CheckpointError, ConfigError } from '../../src/errors'
import { ensembleOfRuns, memberRuns } from '../../src/runs/ensemble-of-runs'
import { findCheckpoint } from '../../src/runs/find-checkpoint'
import type { RunState } from '../../src/runs/run-folder'
import { smoothedOfFolder } from '../../src/runs/smoothed-of-folder'
import { writeSmoothed } from '../../src/smoothing/smoothed-file'
import { unsaidOf } from '../../src/smoothing/smoothed-input'
import { smoothingOf } from '../../src/smoothing/smoothing'
import { writeRun } from '../support/run-folders'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-ensemble-'))
})
afterEach(() => rm(folder, { recursive: true }))

type Change = (config: Readonly<Record<string, object>>) => void

/** A member that has left a checkpoint, with some of its settings changed. */
async function leave(name: string, state: RunState['state'] = 'finished', change: Change = () => {}) {
  const run = join(folder, 'members', name)
  await mkdir(run, { recursive: true })
  await writeRun(run, { state: { state } })
  const checkpoint = join(run, 'checkpoints', 'epoch-01')
  await mkdir(checkpoint, { recursive: true })
  await writeFile(join(checkpoint, 'trainer.json'), JSON.stringify({ step: 4 }))
  const content = JSON.parse(await readFile(join(run, 'config.json'), 'utf8'))
  change(content.config)
  await writeFile(join(run, 'config.json'), JSON.stringify(content))
  return checkpoint
}

const DATA = { images: 4, classes: ['a', 'b'], digest: '0123' }

/** Says of a member what its training wrote beside the weights. */
async function describeMember(checkpoint: string, classes = DATA.classes): Promise<void> {
  const { config } = await findCheckpoint(checkpoint)
  const certified = certificationOf(config, checkpoint)
  await writeSmoothed(checkpoint, {
    config: { ...certified, smoothing: { ...certified.smoothing, denoiser: { source: 'none' } } },
    smoothing: smoothingOf(null, certified.smoothing.sigma),
    dataset: { classes, imageShape: [1, 8, 8] },
    weights: { denoiser: null, classifier: { source: 'timm' } },
    ...{ data: { train: DATA, test: DATA }, hooks: {} },
  })
}

const members = () => memberRuns(folder, { checkpoint: undefined })

describe('a folder with members', () => {
  it('is the ensemble of their checkpoints, in order of their numbers', async () => {
    const checkpoints: string[] = []
    for (const name of ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10'])
      checkpoints.push(await leave(name))
    const { config } = await smoothedSource(folder, { consensus: 2, ensemble: 'votes' })
    expect([
      config.checkpoint,
      ...(config.ensemble?.others ?? []).map(({ checkpoint }) => checkpoint),
    ]).toEqual(checkpoints)
    expect(config).toMatchObject({ output: folder, ensemble: { by: 'votes', consensus: 2 } })
  })

  it('states of its images and weights what its first member states', async () => {
    for (const name of ['0', '1']) await describeMember(await leave(name))
    const known = await smoothedOfFolder(folder)
    expect(known).toMatchObject({
      ...{ classes: DATA.classes, data: { train: DATA, test: DATA }, hooks: {} },
      weights: { classifier: { source: 'timm' } },
    })
    expect(unsaidOf(known)).toBeUndefined()
  })

  it('is refused where members were trained for other classes', async () => {
    await describeMember(await leave('0'))
    await describeMember(await leave('1'), ['b', 'a'])
    await expect(smoothedOfFolder(folder)).rejects.toThrow(ConfigError)
    await expect(smoothedOfFolder(folder)).rejects.toThrow(
      /members\/0 and .*members\/1 do not go together:\n {2}classes: \["a","b"\] and \["b","a"\]/,
    )
  })

  it('is none without members', async () => {
    expect(await members()).toBeUndefined()
  })

  it('is refused where some have not finished, and names them', async () => {
    await leave('0')
    await leave('1', 'interrupted')
    await leave('2', 'failed')
    await expect(members()).rejects.toThrow(CheckpointError)
    await expect(members()).rejects.toThrow(/members\/1: interrupted\n.*members\/2: failed/)
  })

  it('is refused where one is missing', async () => {
    await leave('0')
    await leave('2')
    await expect(members()).rejects.toThrow(/must hold the runs 0, 1, … .* has 0, 2/)
  })

  it.each<[string, string, Change]>([
    [
      'smoothing',
      'smoothing.sigma: 0.5 and 0.25',
      config => Object.assign(config.smoothing ?? {}, { sigma: 0.25 }),
    ],
    [
      'normalisation',
      'classifier.inputRange',
      config => Object.assign(config.classifier ?? {}, { inputRange: { mean: [0.5], std: [0.5] } }),
    ],
    [
      'size',
      'classifier.resize: absent and 32',
      config => Object.assign(config.classifier ?? {}, { resize: 32 }),
    ],
    [
      'classes',
      'classifier.numClasses: absent and 5',
      config => Object.assign(config.classifier ?? {}, { numClasses: 5 }),
    ],
  ])('is refused where members have another %s', async (_what, message, change) => {
    await leave('0', 'finished', config => Object.assign(config.smoothing ?? {}, { sigma: 0.5 }))
    await leave('1', 'finished', config => {
      Object.assign(config.smoothing ?? {}, { sigma: 0.5 })
      change(config)
    })
    const found = (await members()) ?? []
    expect(() => ensembleOfRuns(found)).toThrow(ConfigError)
    expect(() => ensembleOfRuns(found)).toThrow(message)
    expect(() => ensembleOfRuns(found)).toThrow(/members\/0 and .*members\/1 do not go together/)
  })
})

describe('classifiers of a command line', () => {
  const source = (options: object, from: string | undefined = undefined) =>
    smoothedSource(from, { ...(from === undefined && { preset: 'digits' }), ...options })

  it('are an ensemble where there are several', async () => {
    const { config } = await source({ classifier: ['a', 'b', 'c'], ensemble: [1, 1, 2] })
    expect(config.classifier).toMatchObject({ path: 'a' })
    expect(config.ensemble).toEqual({ others: [{ path: 'b' }, { path: 'c' }], by: [1, 1, 2] })
    expect((await source({ classifier: ['a'] })).config.ensemble).toBeUndefined()
  })

  it.each([
    [{ consensus: 2 }, /There is one classifier, got --consensus 2/],
    [{ classifier: ['a'], ensemble: 'votes' }, /There is one classifier, got --ensemble votes/],
    [{ classifier: ['a', 'b'], consensus: 3 }, /ensemble.consensus: expected at most the 2 members, got 3/],
  ])('are refused with %j', async (options, message) => {
    await expect(source(options)).rejects.toThrow(message)
  })

  it('are refused beside a folder', async () => {
    await leave('0')
    await expect(source({ classifier: ['a', 'b'] }, join(folder, 'members', '0'))).rejects.toThrow(
      /says which classifier is certified, got --classifier 2 times/,
    )
  })
})
