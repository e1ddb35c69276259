import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  ConfigError,
  certificationOf,
  certify,
  finetune,
  type RunConfig,
  type Session,
  torch,
} from '../../src'
import { parseUnknownConfig } from '../../src/config/schema'
import { posteriorMean, scoreOf } from '../../src/internal'
import { connectForTest, DENOISER } from '../support/digits'
import { kindRun } from '../support/every-kind'
import { readTensors, reproducibleRows } from '../support/run-files'

const SIGMA = 0.25

describe('a denoiser', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-score-'))
  })
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })

  function run(name: string, method: object, change: { readonly path?: string } = {}): RunConfig {
    const { optimisation, smoothing, ...config } = kindRun('denoiser', folder, '')
    return parseUnknownConfig({
      ...config,
      smoothing: { ...smoothing, denoiser: { ...smoothing.denoiser, ...change } },
      method,
      optimisation: {
        ...optimisation,
        ...{ epochs: 4, imagesPerUpdate: 100, imagesPerMicroBatch: 100, learningRate: 2e-3 },
        ...{ optimizer: { kind: 'adamw' }, schedule: { kind: 'cosine' } },
      },
      output: join(folder, name),
    })
  }
  async function train(config: RunConfig, hooks: object = {}) {
    const result = await finetune(session, config, {
      ...{ eventFiles: false, progress: false, evaluationImages: 200 },
      ...hooks,
    })
    session.free([result.networks, result.smoothing])
    return result
  }
  async function updatesOf(name: string): Promise<readonly Record<string, number>[]> {
    const rows = (await reproducibleRows(join(folder, name))) as Record<string, number>[]
    return rows.filter(row => 'loss' in row)
  }
  const lossesOf = async (name: string) => (await updatesOf(name)).map(({ loss = Number.NaN }) => loss)

  it('is the posterior mean of its score', async () => {
    const { back } = await session.compute(() => {
      const noisy = torch.tensor(session, [0.5, -1, 2], { axes: 'D', dtype: 'float64' })
      const denoised = torch.tensor(session, [0.25, 0.75, -0.5], { axes: 'D', dtype: 'float64' })
      const sigma = torch.tensor(session, 0.5, { axes: '', dtype: 'float64' })
      return { back: posteriorMean(noisy, { score: scoreOf(noisy, { denoised, sigma }), sigma: 0.5 }) }
    })
    expect(back).toEqual([0.25, 0.75, -0.5])
  })

  it('by score matching has at one noise level the squared error, divided by its square', async () => {
    const once = { stopAfterUpdates: 1, updatesOnly: true }
    await train(run('error', { kind: 'denoiser' }), once)
    await train(run('one-level', { kind: 'score' }), once)
    await train(run('named', { kind: 'score', sigmas: [SIGMA] }), once)
    const [[error = Number.NaN], [one = Number.NaN], [named]] = [
      ...[await lossesOf('error'), await lossesOf('one-level'), await lossesOf('named')],
    ] as [number[], number[], number[]]
    expect(one / (error / SIGMA ** 2)).toBeCloseTo(1, 5)
    expect(named).toBe(one)
  })

  it('by score matching serves several noise levels', async () => {
    const { epochs, checkpoint } = await train(run('score', { kind: 'score', sigmas: [0.15, SIGMA] }))
    const errors = epochs.map(({ metrics }) => metrics.error ?? Number.NaN)
    expect(errors.at(-1)).toBeLessThan(0.8 * SIGMA ** 2)
    const losses = await lossesOf('score')
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0)
    const settings = certificationOf(run('score', { kind: 'score' }), checkpoint)
    const { rows } = await certify(session, {
      ...{ ...settings, output: join(folder, 'certified') },
      certification: { ...settings.certification, n0: 20, n: 200, images: { first: 4 } },
    })
    expect(rows.filter(({ correct }) => correct).length).toBeGreaterThanOrEqual(2)
  })

  it('is calibrated for the classifier behind it', async () => {
    const path = join(folder, 'score', 'checkpoints', 'epoch-04', 'denoiser')
    const calibration = { kind: 'calibration', experimental: true, lambda: 0.5 }
    await train(run('calibrated', calibration, { path }), { stopAfterUpdates: 24 })
    const updates = await updatesOf('calibrated')
    const meanOf = (of: readonly Record<string, number>[], name: string) =>
      of.reduce((total, row) => total + (row[name] ?? Number.NaN), 0) / of.length
    expect(meanOf(updates.slice(-4), 'brier')).toBeLessThan(meanOf(updates.slice(0, 4), 'brier'))
    const [first] = updates
    expect(first?.loss).toBeCloseTo((first?.brier ?? 0) + 0.5 * (first?.antiConsistency ?? 0), 5)
    expect(first?.loneShare).toBeGreaterThan(0)
  })

  it('that is a diffusion model is calibrated in one shot at the timestep of σ', async () => {
    const calibration = { kind: 'calibration', experimental: true, lambda: 0.5 }
    const { optimisation, ...config } = run('diffusion', { kind: 'denoiser' })
    const { checkpoint } = await train(
      parseUnknownConfig({
        ...{ ...config, method: calibration },
        smoothing: { sigma: 0.5, denoiser: { source: 'diffusers', path: DENOISER } },
        optimisation: { ...optimisation, learningRate: 3e-4 },
      }),
      { stopAfterUpdates: 24 },
    )
    const updates = await updatesOf('diffusion')
    const meanOf = (of: readonly Record<string, number>[]) =>
      of.reduce((total, { brier = Number.NaN }) => total + brier, 0) / of.length
    expect(meanOf(updates.slice(-6))).toBeLessThan(meanOf(updates.slice(0, 6)))
    const [first] = updates
    expect(first?.loss).toBeCloseTo((first?.brier ?? 0) + 0.5 * (first?.antiConsistency ?? 0), 5)
    // What is exported are the weights, and not an average of theirs.
    const weights = async (part: string) =>
      (await readTensors(join(checkpoint, part, 'diffusion_pytorch_model.safetensors'))).get('conv_in.weight')
    const [exported, trained] = [await weights('denoiser'), await weights('unaveraged')]
    expect(exported).toEqual(trained)
    expect(exported).not.toEqual(
      (await readTensors(join(DENOISER, 'diffusion_pytorch_model.safetensors'))).get('conv_in.weight'),
    )
  })

  it.each(['denoiser', 'score', 'diffusion', 'calibration', 'diffusion-calibration'] as const)(
    'computes in the number type of autocast when it is trained by %s',
    async kind => {
      // DnCNN begins as what it is given: the first loss is the same.
      const secondLoss = async (autocast: 'none' | 'bfloat16') => {
        const output = join(folder, `${kind}-${autocast}`)
        const config = { ...kindRun(kind, folder, ''), autocast, output }
        await train(config, { stopAfterUpdates: 2, updatesOnly: true })
        return (await lossesOf(`${kind}-${autocast}`))[1] ?? Number.NaN
      }
      const [wide, narrow] = [await secondLoss('none'), await secondLoss('bfloat16')]
      expect(narrow).not.toBe(wide)
      expect(Math.abs(narrow / wide - 1)).toBeLessThan(0.05)
    },
  )

  it('is not calibrated without the word that the loss is not confirmed', () => {
    const make = (method: object) => () => run('unsaid', method)
    expect(make({ kind: 'calibration', lambda: 1 })).toThrow(ConfigError)
    expect(make({ kind: 'calibration', lambda: 1 })).toThrow(/method.experimental/)
    expect(make({ kind: 'calibration', experimental: false, lambda: 1 })).toThrow(/method.experimental/)
    expect(make({ kind: 'calibration', experimental: true })).toThrow(/method.lambda/)
  })
})
