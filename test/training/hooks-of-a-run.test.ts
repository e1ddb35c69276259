import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ConfigError,
  defineConfig,
  defineHook,
  defineObjective,
  type FinetuneHooks,
  type FtCadisLossTerm,
  finetune,
  presets,
  type Schedule,
  type SelectionRule,
  type Session,
  selectImages,
  torch,
} from '../../src'
import { accuracy } from '../../src/objectives/accuracy'
import { connectForTest } from '../support/digits'
import { type MarginForm, margin } from '../support/margin-objective'
import { shortRun } from '../support/short-run'

const right = (parameters: { readonly threshold: number }): SelectionRule =>
  defineHook({
    name: 'confidently-right',
    parameters,
    make:
      ({ threshold }) =>
      ({ crossEntropy }, { settings }) =>
        selectImages(
          crossEntropy.map(row => row.map(value => Math.exp(-value) >= threshold)),
          crossEntropy,
          settings,
        ),
  })

const term: FtCadisLossTerm = (_inputs, { kept }) =>
  torch.mul(torch.sum(torch.mean(torch.sum(kept.logProbabilities_MBK, 'K'), 'M')), -1e-3)
const otherTerm: FtCadisLossTerm = (_inputs, { kept }) =>
  torch.mul(torch.sum(torch.mean(torch.sum(kept.logProbabilities_MBK, 'K'), 'M')), -2e-3)

const halved: Schedule = defineHook({
  ...{ name: 'halved', parameters: {} },
  make:
    () =>
    (_place, { learningRate }) => ({ learningRate: learningRate / 2 }),
})

describe('what a script hands in to decide', () => {
  let session: Session
  let folder: string
  const begun = { rule: right({ threshold: 0.8 }), lossTerm: term, schedule: halved }

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-hooks-'))
    await train('begun', { ...begun, stopAfterUpdates: 1 })
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  async function train(name: string, hooks: FinetuneHooks): Promise<void> {
    const config = shortRun(join(folder, name))
    const { networks, smoothing } = await finetune(
      session,
      { ...config, optimisation: { ...config.optimisation, imagesPerUpdate: 400 } },
      { evaluationImages: 10, eventFiles: false, ...hooks },
    )
    session.free([networks, smoothing])
  }

  /** Resumes a copy of the run that was begun, and returns its folder. */
  async function resume(name: string, hooks: FinetuneHooks): Promise<string> {
    await cp(join(folder, 'begun'), join(folder, name), { recursive: true })
    await train(name, { ...hooks, existing: 'resume', stopAfterUpdates: 2 })
    return join(folder, name)
  }

  const json = async (...path: string[]) => JSON.parse(await readFile(join(folder, ...path), 'utf8'))

  it('stands in config.json, and in trainer.json and smoothed.json of its checkpoints', async () => {
    const { hooks } = await json('begun', 'config.json')
    const sha256 = expect.stringMatching(/^[\da-f]{64}$/)
    expect(hooks).toEqual({
      rule: { name: 'confidently-right', parameters: { threshold: 0.8 }, sha256 },
      lossTerm: { name: 'term', parameters: null, sha256 },
      schedule: { name: 'halved', parameters: {}, sha256 },
    })
    const checkpoint = ['begun', 'checkpoints', 'step-000001']
    expect((await json(...checkpoint, 'trainer.json')).hooks).toEqual(hooks)
    expect((await json(...checkpoint, 'smoothed.json')).hooks).toEqual(hooks)
  })

  it('is the same for a run to continue', async () => {
    const run = await resume('same', { ...begun, rule: right({ threshold: 0.8 }) })
    expect(await json(run.slice(folder.length), 'state.json')).toMatchObject({ step: 2 })
    await expect(resume('without', {})).rejects.toThrow(
      /other hooks:\n {2}rule: confidently-right .* in the checkpoint, none now\n {2}lossTerm: .*\n {2}schedule: .*, none now\n/,
    )
    const other = resume('other', { ...begun, rule: right({ threshold: 0.9 }) })
    await expect(other).rejects.toThrow(ConfigError)
    await expect(other).rejects.toThrow(
      /confidently-right {"threshold":0.8}, source .* in the checkpoint, confidently-right {"threshold":0.9}/,
    )
    expect(await json('other', 'state.json')).toMatchObject({ step: 1 })
  })

  it('is accepted by the user where a bare function has another source', async () => {
    const hooks = { ...begun, lossTerm: otherTerm }
    await expect(resume('bare', hooks)).rejects.toThrow(/lossTerm: a bare function term.*acceptChangedHooks/s)
    const run = await resume('accepted', { ...hooks, acceptChangedHooks: true })
    const { hooks: now } = await json(run.slice(folder.length), 'config.json')
    expect(now.lossTerm).toMatchObject({ name: 'otherTerm', parameters: null })
  })

  it('is an objective too', async () => {
    const output = join(folder, 'margin')
    const settings = {
      ...presets.digits({ output }),
      method: { kind: 'margin', noises: 1, tolerance: 0.1, easyShare: 0.5, jitter: 0.1 } as const,
    }
    const run = defineConfig({ ...settings, objectives: [margin] })
    const hooks = { stopAfterUpdates: 1, evaluationImages: 10, eventFiles: false }
    const { networks, smoothing } = await finetune<MarginForm>(session, run, hooks)
    session.free([networks, smoothing])
    const { best } = accuracy
    expect((await json('margin', 'config.json')).hooks).toEqual({
      objective: { name: 'margin', parameters: { best }, sha256: expect.stringMatching(/^[\da-f]{64}$/) },
    })
    const evaluation = { ...accuracy, best: { ...best, is: 'smallest' as const } }
    const judged = margin(own => defineObjective({ ...own, evaluation }))
    const other = defineConfig({ ...settings, objectives: [judged] })
    await expect(finetune<MarginForm>(session, other, { ...hooks, existing: 'resume' })).rejects.toThrow(
      /objective: margin .*"largest".* in the checkpoint, margin .*"smallest"/,
    )
  })
})
