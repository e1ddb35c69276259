import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, certify, dryRun, finetune, type RunConfig, type Session } from '../../src'
import { smoothedSource } from '../../src/cli/smoothed-source'
import { parseUnknownConfig } from '../../src/config/schema'
import { CLASSIFIER, connectForTest } from '../support/digits'
import { kindRun } from '../support/every-kind'
import { readTensors, reproducibleRows } from '../support/run-files'

describe('a denoiser that is trained', () => {
  let session: Session
  let folder: string

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-denoiser-'))
  })
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })

  const run = (name: string, change: object = {}): RunConfig => {
    const { optimisation, ...config } = kindRun('denoiser', folder, '')
    return parseUnknownConfig({
      ...config,
      optimisation: {
        ...optimisation,
        ...{ epochs: 4, imagesPerUpdate: 100, imagesPerMicroBatch: 100, learningRate: 2e-3, decays: 'all' },
        ...{ optimizer: { kind: 'adamw' }, schedule: { kind: 'cosine' } },
      },
      ...change,
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

  it('comes closer to the clean images than the noisy ones are', async () => {
    const { epochs, checkpoint } = await train(run('image'))
    const errors = epochs.map(({ metrics }) => metrics.error ?? Number.NaN)
    // Noise of σ = 0.25 as it is has an error of 0.0625.
    expect(errors.at(-1)).toBeLessThan(0.8 * 0.0625)
    expect(errors.at(-1)).toBeLessThan(errors[0] ?? 0)
    expect((await readdir(join(checkpoint, 'denoiser'))).sort()).toEqual(['model.safetensors'])
    const names = [...(await readTensors(join(checkpoint, 'denoiser', 'model.safetensors'))).keys()]
    expect(names).toContain('dncnn.0.weight')
  })

  it('is certified with the classifier behind it', async () => {
    const { config } = await smoothedSource(join(folder, 'image'), { classifier: [] } as never)
    expect(config.smoothing.denoiser).toMatchObject({
      source: 'dncnn',
      path: expect.stringContaining(join('image', 'checkpoints')),
    })
    expect(config.checkpoint).toBeUndefined()
    const { rows } = await certify(session, {
      ...config,
      certification: { ...config.certification, n0: 20, n: 200, images: { first: 4 } },
    })
    expect(rows.filter(({ correct }) => correct).length).toBeGreaterThanOrEqual(2)
  })

  it('can be one that a classifier is fine-tuned behind', async () => {
    const { config } = await smoothedSource(join(folder, 'image'), { classifier: [] } as never)
    const behind = kindRun('gaussian', folder, '')
    await train(
      parseUnknownConfig({ ...behind, smoothing: config.smoothing, output: join(folder, 'behind') }),
      { stopAfterUpdates: 1 },
    )
    expect(await reproducibleRows(join(folder, 'behind'))).toHaveLength(2)
  })

  it.each(['prediction', 'label'] as const)('by the target %s learns from a classifier', async target => {
    const { epochs } = await train(run(target, { method: { kind: 'denoiser', target } }), {
      stopAfterUpdates: 12,
    })
    const rows = (await reproducibleRows(join(folder, target))) as { loss?: number; crossEntropy?: number }[]
    const losses = rows.flatMap(({ loss }) => loss ?? [])
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0)
    expect(epochs.at(-1)?.metrics.noisy).toBeGreaterThan(0.3)
  })

  it('asks surrogates in turns', async () => {
    const first = { source: 'timm', path: CLASSIFIER }
    const { classifier } = kindRun('gaussian', folder, '')
    const second = { ...classifier, path: join(folder, 'behind', 'checkpoints', 'step-000001') }
    const lossesWith = async (name: string, surrogates: readonly object[]) => {
      const method = { kind: 'denoiser', target: 'prediction', surrogates }
      await train(run(name, { method }), { stopAfterUpdates: 2 })
      const rows = (await reproducibleRows(join(folder, name))) as { loss?: number }[]
      return rows.flatMap(({ loss }) => loss ?? [])
    }
    const alone = await lossesWith('alone', [first])
    const turns = await lossesWith('turns', [first, second])
    // Up to the second update all is the same, and that one asks the other.
    expect(turns[0]).toBe(alone[0])
    expect(turns[1]).not.toBe(alone[1])
    // The same one three times is one.
    expect(await lossesWith('thrice', [first, first, first])).toEqual(alone)
  })

  it('is planned by a dry run', async () => {
    const found = await dryRun(session, run('planned'))
    expect(found.problems).toEqual([])
    // 1·6·9 + 6 of the first layer, twice 6·6·9 and 12 of batch normalisation, 6·9 of the last.
    expect(found.parameters?.trainable).toBe(6 * 9 + 6 + 2 * (36 * 9 + 12) + 6 * 9)
  })

  it.each<[string, object, string]>([
    [
      'none',
      { smoothing: { sigma: 0.25, denoiser: { source: 'none' } } },
      'smoothing.denoiser.source: expected dncnn or memnet',
    ],
    [
      'a half-precision one',
      { smoothing: { sigma: 0.25, denoiser: { source: 'memnet', dtype: 'bfloat16' } } },
      'smoothing.denoiser.dtype: expected float32',
    ],
    ['a compiled one', { compile: 'denoiser' }, 'compile: expected none for the method denoiser'],
    [
      'one before a compiled classifier',
      { compile: 'all' },
      'compile: expected none for the method denoiser',
    ],
    ['one behind adapters', { tuning: { kind: 'lora' } }, 'tuning.kind: expected full'],
  ])('that is %s is refused before any work', (_, change, message) => {
    expect(() => run('refused', change)).toThrow(message)
  })

  it('stands before a classifier of the data', async () => {
    const { classifier } = kindRun('gaussian', folder, '')
    const method = {
      kind: 'denoiser',
      target: 'label',
      surrogates: [{ ...classifier, factory: 'network', arguments: {} }],
    }
    const refused = train(run('random', { method }), { stopAfterUpdates: 1 })
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow('has random weights')
  })
})
