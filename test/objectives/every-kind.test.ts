import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finetune, presets, type RunConfigInput, type Session } from '../../src'
import { trainedBy } from '../../src/config/methods/trained'
import { OBJECTIVES } from '../../src/internal'
import { connectForTest } from '../support/digits'
import {
  HOOKS,
  kindRun,
  METHODS,
  NAMES,
  SHARED_NAMES,
  weightsFile,
  writeDigitsSoftLabels,
} from '../support/every-kind'
import { useForkedPython } from '../support/forked-python'
import { launch, UNDER_TSX } from '../support/launched'
import { checkpointBytes, readTensors, reproducibleRows } from '../support/run-files'
import { namedOf } from '../support/slow'

useForkedPython()

const LAST = 'step-000004'

describe('every kind of method', () => {
  let session: Session
  let folder: string
  let softLabels: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-kinds-'))
    softLabels = join(folder, 'soft-labels.jsonl')
    await writeDigitsSoftLabels(session, softLabels)
    for (const name of NAMES) await train(name, 'whole')
  }, 300_000)
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })

  async function train(name: (typeof NAMES)[number], run: string, hooks: object = {}): Promise<void> {
    const { networks, smoothing } = await finetune(session, kindRun(name, join(folder, run), softLabels), {
      ...{ ...HOOKS, ...hooks },
    })
    session.free([networks, smoothing])
  }

  it('is tried', () => {
    expect(new Set(Object.values(METHODS).map(({ kind }) => kind))).toEqual(new Set(Object.keys(OBJECTIVES)))
  })

  it.each(NAMES)('%s learns, and has a number for each of its metrics', async name => {
    const rows = (await reproducibleRows(join(folder, 'whole', name))) as Record<string, unknown>[]
    const updates = rows.filter(row => 'loss' in row)
    expect(updates).toHaveLength(4)
    const { kind } = METHODS[name]
    const metrics = OBJECTIVES[kind as keyof typeof OBJECTIVES](objective => Object.keys(objective.metrics))
    for (const update of updates) {
      expect(Number.isFinite(update.loss)).toBe(true)
      for (const metric of metrics) expect(update, metric).toHaveProperty(metric)
    }
    expect(updates.map(({ learningRate }) => learningRate)).toEqual([0.05, 0.05, 0.05, 0.05 * 0.1])
  })

  const RESUMED = [
    ...(['ft-cadis', 'smooth-adv', 'macer', 'diffusion', 'diverse-ensemble'] as const),
    ...(['layer-noise', 'selector', 'cat-rs'] as const),
  ]
  it.each(namedOf(NAMES, RESUMED))('%s is the same, bit for bit, when it dies and is resumed', async name => {
    const onUpdate = ({ step }: { readonly step: number }) => {
      // After an update that no checkpoint has.
      if (step === 3) throw new Error('dies')
    }
    await expect(train(name, 'died', { onUpdate })).rejects.toThrow('dies')
    await train(name, 'died', { existing: 'resume' })
    const [whole, died] = ['whole', 'died'].map(run => join(folder, run, name)) as [string, string]
    expect(await reproducibleRows(died)).toEqual(await reproducibleRows(whole))
    expect(await checkpointBytes(died, LAST)).toEqual(await checkpointBytes(whole, LAST))
  })

  const DENOISABLE = NAMES.filter(
    name => trainedBy(METHODS[name].kind) !== 'denoiser' && name !== 'layer-noise',
  )
  const DENOISED = ['ft-cadis', 'gaussian', 'smooth-adv', 'smooth-mix', 'diverse-ensemble', 'router'] as const
  it.each(namedOf(DENOISABLE, DENOISED))('%s learns behind a denoiser too', async name => {
    const run = kindRun(name, join(folder, 'denoised'), softLabels)
    const { networks, smoothing } = await finetune(
      session,
      {
        ...run,
        smoothing: { ...run.smoothing, denoiser: presets.digits({ output: 'run' }).smoothing.denoiser },
        optimisation: { ...run.optimisation, imagesPerUpdate: 40, imagesPerMicroBatch: 40 },
      } as RunConfigInput,
      { ...HOOKS, stopAfterUpdates: 2, updatesOnly: true },
    )
    session.free([networks, smoothing])
    const rows = (await reproducibleRows(join(folder, 'denoised', name))) as { loss?: number }[]
    expect(rows.filter(({ loss }) => Number.isFinite(loss))).toHaveLength(2)
  })

  it('learns from what is left of an epoch as from an update of that many images', async () => {
    const trainAtOnce = async (run: string, imagesPerUpdate: number) => {
      const config = kindRun('stability', join(folder, run), softLabels)
      const { optimisation } = config
      const { networks, smoothing, checkpoint } = await finetune(
        session,
        {
          ...config,
          optimisation: { ...optimisation, imagesPerUpdate, imagesPerMicroBatch: imagesPerUpdate },
        } as RunConfigInput,
        { ...HOOKS, stopAfterUpdates: 2 },
      )
      session.free([networks, smoothing])
      const tensors = await readTensors(join(checkpoint, 'model.safetensors'))
      return [...tensors].map(([name, values]) => [name, [...values]])
    }
    // All 1,200 images are left over, or fill an update.
    expect(await trainAtOnce('left', 5000)).toEqual(await trainAtOnce('whole-epoch', 1200))
  })

  it('gives in two processes the weights of one, to float32 rounding', async () => {
    const two = join(folder, 'two')
    const launched = launch([
      ...['--nproc-per-node', '2', '--', UNDER_TSX, 'test/support/every-kind.ts', two, softLabels],
    ])
    const { exitCode, printed } = await launched.ended
    expect({ exitCode, printed }).toMatchObject({ exitCode: 0 })
    for (const name of SHARED_NAMES) {
      const weights = (run: string) =>
        readTensors(join(folder, run, name, 'checkpoints', LAST, weightsFile(name)))
      const [ofOne, ofTwo] = [await weights('whole'), await weights('two')]
      expect([...ofTwo.keys()], name).toEqual([...ofOne.keys()])
      for (const [tensor, values] of ofOne) {
        for (const [index, value] of values.entries()) {
          const other = ofTwo.get(tensor)?.[index] ?? Number.NaN
          expect(Math.abs(value - other), `${name} ${tensor}[${index}]`).toBeLessThan(2e-5)
        }
      }
    }
  }, 300_000)
})
