import { execFileSync } from 'node:child_process'
import {
  copyFile,
  cp,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CheckpointError,
  ConfigError,
  type FinetuneHooks,
  InterruptedError,
  type RunConfig,
  type Session,
} from '../../src'
import { fileHash } from '../../src/files/hash'
import { readCheckpoint } from '../../src/internal'
import { readStatus } from '../../src/runs/read-run'
import { STREAMS_VERSION } from '../../src/streams'
import { connectForTest } from '../support/digits'
import { finetuneCollecting } from '../support/finetune-collecting'
import { checkpointBytes, reproducibleRows, rewriteTrainer } from '../support/run-files'
import { shortRun } from '../support/short-run'

describe('a run that continues from a checkpoint', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-resume-'))
    await train('whole')
    await stopAfter(7, 'stopped')
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  async function train(name: string, hooks: FinetuneHooks = {}, change: Partial<RunConfig> = {}) {
    const config = { ...shortRun(join(folder, name)), ...change }
    const { networks, smoothing, updates } = await finetuneCollecting(session, config, {
      evaluationImages: 40,
      ...hooks,
    })
    session.free([networks, smoothing])
    return updates
  }

  async function stopAfter(
    step: number,
    name: string,
    { hooks, change }: { hooks?: FinetuneHooks; change?: Partial<RunConfig> } = {},
  ) {
    const controller = new AbortController()
    const stopped = train(
      name,
      {
        ...hooks,
        signal: controller.signal,
        onUpdate: report => {
          if (report.step === step - 1) controller.abort('SIGTERM')
        },
      },
      change,
    )
    await expect(stopped).rejects.toThrow(InterruptedError)
  }

  /** A copy of the stopped run, to try things on. */
  async function copyOfStopped(name: string): Promise<string> {
    await cp(join(folder, 'stopped'), join(folder, name), { recursive: true })
    return join(folder, name)
  }

  const state = async (run: string) => JSON.parse(await readFile(join(folder, run, 'state.json'), 'utf8'))

  it('ends with the same losses, weights, moments and log, bit for bit', async () => {
    const run = await copyOfStopped('resumed')
    expect(await readdir(join(run, 'checkpoints'))).toContain('step-000007')
    expect(await state('resumed')).toMatchObject({ state: 'interrupted', step: 7, steps: 20 })
    const updates = await train('resumed', { existing: 'resume' })
    expect(updates.map(({ step }) => step)).toEqual(Array.from({ length: 13 }, (_, index) => 8 + index))
    expect(await reproducibleRows(run)).toEqual(await reproducibleRows(join(folder, 'whole')))
    expect(await checkpointBytes(run, 'epoch-02')).toEqual(
      await checkpointBytes(join(folder, 'whole'), 'epoch-02'),
    )
    expect(await state('resumed')).toMatchObject({ state: 'finished', step: 20, steps: 20 })
    expect(await readdir(run)).not.toContain('run.lock')
  })

  it.each<[string, Partial<RunConfig>]>([
    ['LoRA', { tuning: { kind: 'lora', rank: 4, alpha: 4 } }],
    ['its own judge', { method: { ...shortRun('run').method, updateSelection: false } }],
    ['a loss scale under float16', { autocast: 'float16' }],
  ])('does so with %s', async (name, change) => {
    const optimisation = { ...shortRun('run').optimisation, imagesPerUpdate: 60, imagesPerMicroBatch: 30 }
    const config = { ...change, optimisation }
    const four = { stopAfterUpdates: 4 }
    await train(`${name} whole`, four, config)
    await stopAfter(2, name, { hooks: four, change: config })
    await train(name, { ...four, existing: 'resume' }, config)
    expect(await reproducibleRows(join(folder, name))).toEqual(
      await reproducibleRows(join(folder, `${name} whole`)),
    )
    expect(await checkpointBytes(join(folder, name), 'step-000004')).toEqual(
      await checkpointBytes(join(folder, `${name} whole`), 'step-000004'),
    )
  })

  it('keeps the newest checkpoints, the best epoch, and that of the last epoch', async () => {
    const names = await readdir(join(folder, 'whole', 'checkpoints'))
    expect(names).toContain('epoch-02')
    expect(names.length).toBeGreaterThanOrEqual(2)
    expect(names.length).toBeLessThanOrEqual(3)
  })

  it('stops at its time limit', async () => {
    const stopped = train('limited', { maxHours: 0 })
    await expect(stopped).rejects.toThrow(
      /stopped after update 1 \(time limit\). Resume it from .*step-000001/,
    )
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED', reason: 'time limit' })
  })

  it('does nothing more where it had come to its end', async () => {
    expect(await train('whole', { existing: 'resume' })).toEqual([])
  })

  it('begins again where it was killed before its first checkpoint', async () => {
    const run = await copyOfStopped('without')
    await rm(join(run, 'checkpoints'), { recursive: true })
    const path = join(run, 'state.json')
    await writeFile(path, JSON.stringify({ ...(await state('without')), checkpoint: null }))
    const updates = await train('without', { existing: 'resume', stopAfterUpdates: 1 })
    expect(updates.map(({ step }) => step)).toEqual([1])
    expect(await reproducibleRows(run)).toHaveLength(2)
  })

  it.each<[string, (run: string) => Promise<void>]>([
    ['says that there were some', async () => undefined],
    [
      'is of an earlier version',
      async run => {
        const { checkpoint: _, ...earlier } = JSON.parse(await readFile(join(run, 'state.json'), 'utf8'))
        await writeFile(join(run, 'state.json'), JSON.stringify(earlier))
      },
    ],
    ['is gone', run => rm(join(run, 'state.json'))],
  ])('is refused where its checkpoints are gone and its state %s', async (name, change) => {
    const run = await copyOfStopped(`without checkpoints, state ${name}`)
    await rename(join(run, 'checkpoints'), join(run, 'elsewhere'))
    await change(run)
    const files = await readdir(run)
    const resumed = train(`without checkpoints, state ${name}`, { existing: 'resume' })
    await expect(resumed).rejects.toThrow(CheckpointError)
    await expect(resumed).rejects.toThrow(/has metrics, but its checkpoints are gone.* Restore the folder/)
    expect(await readdir(run)).toEqual(files)
    expect(await reproducibleRows(run)).toHaveLength(7)
  })

  it.each<[string, RegExp, (path: string) => Promise<void>]>([
    ['missing', /it is missing/, path => rm(path)],
    ['cut', /it has 100 bytes, and had \d+ at the checkpoint/, path => truncate(path, 100)],
    [
      'another one',
      /has no row of step 7, .* at the end of its first \d+ bytes/,
      async path => {
        const { size } = await stat(path)
        await writeFile(path, `${JSON.stringify({ kind: 'update', epoch: 1, step: 6 }).padEnd(size - 1)}\n`)
      },
    ],
    [
      'of other rows',
      /has no row of step 7, .* at the end of its first \d+ bytes/,
      async path => {
        await writeFile(path, `\n${await readFile(path, 'utf8')}`)
      },
    ],
    [
      'edited in one row, to the same length',
      /was changed in the \d+ bytes that it had at the checkpoint/,
      async path => {
        const text = await readFile(path, 'utf8')
        await writeFile(path, text.replace(/"loss":\d/, '"loss":9'))
      },
    ],
    [
      'a pipe',
      /is not a regular file/,
      async path => {
        await rm(path)
        execFileSync('mkfifo', [path])
      },
    ],
  ])('is refused where its metrics are %s', async (name, reason, change) => {
    const run = await copyOfStopped(`metrics ${name}`)
    await change(join(run, 'metrics.jsonl'))
    const files = await readdir(run, { recursive: true })
    const resumed = train(`metrics ${name}`, { existing: 'resume' })
    await expect(resumed).rejects.toThrow(reason)
    expect(await readdir(run, { recursive: true })).toEqual(files)
  })

  it('whose checkpoint says nothing of its metrics, but for their length, continues', async () => {
    const run = await copyOfStopped('without digest')
    const checkpoint = join(run, 'checkpoints', 'step-000007')
    expect((await readCheckpoint(checkpoint)).state.metricsSha256).toBe(
      await fileHash(join(run, 'metrics.jsonl')),
    )
    await rewriteTrainer(checkpoint, () => ({ metricsSha256: undefined }))
    const updates = await train('without digest', { existing: 'resume', stopAfterUpdates: 9 })
    expect(updates.map(({ step }) => step)).toEqual([8, 9])
    const next = await readCheckpoint(join(run, 'checkpoints', 'step-000009'))
    expect(next.state.metricsSha256).toBe(await fileHash(join(run, 'metrics.jsonl')))
  })

  it('is refused under another number of updates in an epoch', async () => {
    await copyOfStopped('places')
    await rewriteTrainer(join(folder, 'places', 'checkpoints', 'step-000007'), () => ({
      format: 1,
      updatesPerEpoch: undefined,
      updatesInEpoch: 6,
    }))
    await expect(train('places', { existing: 'resume' })).rejects.toThrow(
      /step 7, which is not update 6 of epoch 1 where an epoch has 10 updates/,
    )
  })

  it.each([
    [1, undefined],
    [STREAMS_VERSION + 1, STREAMS_VERSION + 1],
  ])('is refused where its random streams are of version %d', async (version, streams) => {
    const run = await copyOfStopped(`streams ${version}`)
    const checkpoint = join(run, 'checkpoints', 'step-000007')
    expect((await readCheckpoint(checkpoint)).state.streams).toBe(STREAMS_VERSION)
    await rewriteTrainer(checkpoint, () => ({ streams }))
    const files = await readdir(run, { recursive: true })
    const resumed = train(`streams ${version}`, { existing: 'resume' })
    await expect(resumed).rejects.toThrow(CheckpointError)
    await expect(resumed).rejects.toThrow(
      new RegExp(
        `step-000007 draws .* version ${version}, and this ft-cadis .* version ${STREAMS_VERSION}: .* without --resume`,
      ),
    )
    expect(await readdir(run, { recursive: true })).toEqual(files)
    expect((await readCheckpoint(checkpoint)).state.streams).toBe(version)
  })

  it('says in config.json by which random streams it draws', async () => {
    const description = JSON.parse(await readFile(join(folder, 'whole', 'config.json'), 'utf8'))
    expect(description.streams).toBe(STREAMS_VERSION)
  })

  it('names a part of an epoch by its step, so that later checkpoints are newer', async () => {
    const change = {
      checkpoints: { ...shortRun('run').checkpoints, keepLast: 1, everyUpdates: undefined },
    } as Partial<RunConfig>
    const names = () => readdir(join(folder, 'part', 'checkpoints'))
    await train('part', { stopAfterUpdates: 3 }, change)
    expect(await names()).toEqual(['step-000003'])
    expect(await state('part')).toMatchObject({ state: 'finished', checkpoint: 'step-000003' })
    expect(await readStatus(join(folder, 'part'))).toMatchObject({
      condition: 'stopped',
      message: 'stopped after 3 of 20 updates, as asked',
    })
    await stopAfter(6, 'part', { hooks: { existing: 'resume' }, change })
    expect(await names()).toEqual(['step-000006'])
    const updates = await train('part', { existing: 'resume', stopAfterUpdates: 8 }, change)
    expect(updates.map(({ step }) => step)).toEqual([7, 8])
    expect((await readCheckpoint(join(folder, 'part', 'checkpoints', 'step-000008'))).state.best).toBeNull()
  })

  it('is refused with every field that makes another run of it, and takes the others', async () => {
    await copyOfStopped('other')
    const { method, optimisation, checkpoints } = shortRun('run')
    const resumed = train(
      'other',
      { existing: 'resume' },
      {
        method: { ...method, lambda: 3 },
        optimisation: { ...optimisation, stopAfterEpoch: 1, layerDecay: 0.5 },
        checkpoints: { ...checkpoints, keepLast: 9 },
        seed: 4,
      },
    )
    await expect(resumed).rejects.toThrow(ConfigError)
    await expect(resumed).rejects.toThrow(
      / {2}method.lambda: 2 in the checkpoint, 3 now\n {2}optimisation.layerDecay: 1 in the checkpoint, 0.5 now\n {2}seed: 0 in the checkpoint, 4 now\nSet/,
    )
  })

  it.each<[string, RegExp, (checkpoint: string) => Promise<void>]>([
    [
      'cut off',
      /model.safetensors has 1000 bytes, expected \d+/,
      c => truncate(join(c, 'model.safetensors'), 1000),
    ],
    ['without its optimizer', /optimizer.safetensors is missing/, c => rm(join(c, 'optimizer.safetensors'))],
    ['with a damaged state', /trainer.json is not JSON: /, c => truncate(join(c, 'trainer.json'), 100)],
    [
      'of something else',
      /trainer.json is malformed: format: expected 1 or 2, which this version reads/,
      c => writeFile(join(c, 'trainer.json'), '{"step": 7}'),
    ],
    [
      'with a changed state',
      /trainer.json is malformed: it was changed after it was written/,
      async c => {
        const text = await readFile(join(c, 'trainer.json'), 'utf8')
        await writeFile(join(c, 'trainer.json'), text.replace('"updatesInEpoch": 7', '"updatesInEpoch": 9'))
      },
    ],
    [
      'without its seal',
      /trainer.json is malformed: it was changed/,
      async c => {
        const { sha256: _, ...content } = JSON.parse(await readFile(join(c, 'trainer.json'), 'utf8'))
        await writeFile(join(c, 'trainer.json'), JSON.stringify({ ...content, files: {} }))
      },
    ],
    [
      'at a step that is not its place',
      /contradicts itself: update 7 of 10 in epoch 1 is step 7, not 9/,
      c => rewriteTrainer(c, () => ({ step: 9 })),
    ],
    [
      'past the end of its epoch',
      /contradicts itself: 17 updates are done in an epoch of 10/,
      c => rewriteTrainer(c, () => ({ updatesInEpoch: 17, step: 17 })),
    ],
    [
      'with a best epoch that is to come',
      /contradicts itself: epoch 2 is the best one in epoch 1/,
      c => rewriteTrainer(c, () => ({ best: { epoch: 2, value: 0.5 } })),
    ],
    [
      'of another step than its name says',
      /contradicts itself: the folder is of step 7, not 8/,
      c => rewriteTrainer(c, () => ({ updatesInEpoch: 8, step: 8 })),
    ],
    [
      'a pipe in place of its weights',
      /model.safetensors is not a file/,
      async c => {
        await rm(join(c, 'model.safetensors'))
        execFileSync('mkfifo', [join(c, 'model.safetensors')])
      },
    ],
    [
      'with weights of another run',
      /model.safetensors was changed/,
      c =>
        copyFile(
          join(folder, 'whole', 'checkpoints', 'epoch-02', 'model.safetensors'),
          join(c, 'model.safetensors'),
        ),
    ],
  ])('is refused where the checkpoint is %s', async (name, reason, damage) => {
    const run = await copyOfStopped(name)
    await damage(join(run, 'checkpoints', 'step-000007'))
    const resumed = train(name, { existing: 'resume' })
    await expect(resumed).rejects.toThrow(CheckpointError)
    await expect(resumed).rejects.toThrow(reason)
    expect(await readFile(join(run, 'metrics.jsonl'))).toEqual(
      await readFile(join(folder, 'stopped', 'metrics.jsonl')),
    )
  })

  it('is refused where the off-the-shelf weights are others', async () => {
    const run = await copyOfStopped('weights')
    await rewriteTrainer(join(run, 'checkpoints', 'step-000007'), ({ weights }) => {
      const { denoiser, ...others } = weights as { denoiser: { sha256: Record<string, string> } }
      const sha256 = Object.fromEntries(Object.keys(denoiser.sha256).map(file => [file, 'other']))
      return { weights: { ...others, denoiser: { ...denoiser, sha256 } } }
    })
    await expect(train('weights', { existing: 'resume' })).rejects.toThrow(
      /begun with other weights:\n {2}denoiser.sha256/,
    )
  })

  it('is refused while another process writes to its folder', async () => {
    const run = await copyOfStopped('locked')
    const lock = { pid: process.ppid, host: hostname(), since: 'noon', startTicks: null }
    await writeFile(join(run, 'run.lock'), JSON.stringify(lock))
    await expect(train('locked', { existing: 'resume' })).rejects.toThrow(
      new RegExp(`locked is being written by process ${process.ppid} on .*, since noon`),
    )
    await writeFile(join(run, 'run.lock'), JSON.stringify({ ...lock, pid: 2 ** 22 + 1 }))
    await train('locked', { existing: 'resume', stopAfterUpdates: 8 })
  })
})
