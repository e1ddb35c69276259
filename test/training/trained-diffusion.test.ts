import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dryRun, finetune, parseConfig, presets, type RunConfig, type Session, torch } from '../../src'
import { smoothedSource } from '../../src/cli/smoothed-source'
import { trainSettings } from '../../src/cli/train/train-settings'
import { SHORT_SCHEDULE, smallUnet } from '../../src/config/diffusion/small-unet'
import { parseUnknownConfig } from '../../src/config/schema'
import { denoiserOfRun } from '../../src/runs/denoiser-of-run'
import { readRun } from '../../src/runs/read-run'
import { runReport } from '../../src/runs/report/run-report'
import { CLASSIFIER, connectForTest } from '../support/digits'
import { readTensors, reproducibleRows } from '../support/run-files'

const UNET = smallUnet({ imageSize: 8, channels: 1, width: 8 })

describe('a diffusion model that is trained', () => {
  let session: Session
  let folder: string
  const output = (name: string) => join(folder, name)

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-diffusion-'))
    await train(run('judged', { classifier: { source: 'timm', path: CLASSIFIER } }))
    await train(run('alone'), { stopAfterUpdates: 2, eventFiles: true })
  }, 200_000)
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })

  function run(name: string, change: object = {}): RunConfig {
    const preset = presets.denoiser.diffusion({ data: 'digits', output: output(name) })
    return parseUnknownConfig({
      ...preset,
      smoothing: { sigma: 0.25, denoiser: { source: 'diffusers', unet: UNET, scheduler: SHORT_SCHEDULE } },
      data: { source: 'digits' },
      method: { kind: 'diffusion', averageDecay: 0.9 },
      optimisation: { ...preset.optimisation, epochs: 3, imagesPerUpdate: 60, learningRate: 4e-3 },
      device: 'cpu',
      ...change,
    })
  }

  async function train(config: RunConfig, hooks: object = {}) {
    const result = await finetune(session, config, {
      ...{ eventFiles: false, progress: false, evaluationImages: 100 },
      ...hooks,
    })
    session.free([result.networks, result.smoothing])
    return result
  }

  const epochsOf = async (name: string) =>
    (await reproducibleRows(output(name))).filter(row => 'error' in (row as object)) as Record<
      string,
      number
    >[]

  it('comes closer to the clean images at every σ, and a classifier behind it recognises more', async () => {
    const epochs = await epochsOf('judged')
    const [first, last] = [epochs[0], epochs.at(-1)]
    for (const name of ['error', 'errorAt0.5', 'errorAt1']) {
      expect(last?.[name], name).toBeLessThan(first?.[name] ?? 0)
    }
    // Noise of σ = 0.25 as it is has an error of 0.0625.
    expect(last?.error).toBeLessThan(0.7 * 0.0625)
    expect(last?.['errorAt0.25']).toBe(last?.error)
    expect(last?.noisy).toBeGreaterThan(0.5)
  })

  it('exports the moving average of its weights, and keeps the weights beside it', async () => {
    const folders = join(output('judged'), 'checkpoints', 'epoch-03')
    const parts = (await readdir(folders)).filter(name => !name.includes('.'))
    expect(parts.sort()).toEqual(['denoiser', 'unaveraged'])
    const weights = async (part: string) =>
      (await readTensors(join(folders, part, 'diffusion_pytorch_model.safetensors'))).get('conv_in.weight')
    const [average, unaveraged] = [await weights('denoiser'), await weights('unaveraged')]
    expect(average).toHaveLength(unaveraged?.length ?? 0)
    expect(average).not.toEqual(unaveraged)
    // What is evaluated is what is exported.
    const { config } = await smoothedSource(output('judged'), { classifier: [] } as never)
    const loaded = await torch.loadDenoiser(session, { source: 'diffusers', path: join(folders, 'denoiser') })
    expect(loaded.schedule.steps).toBe(SHORT_SCHEDULE.num_train_timesteps)
    session.free(loaded)
    expect(config.smoothing.denoiser).toEqual({
      ...{ source: 'diffusers', dtype: 'float32' },
      path: join(folders, 'denoiser'),
    })
  })

  it('is judged by the moving average, which stays behind where it moves slowly', async () => {
    const optimisation = { ...run('slow').optimisation, stopAfterEpoch: 1 }
    await train(run('slow', { method: { kind: 'diffusion', averageDecay: 0.9999 }, optimisation }))
    const [slow, fast] = [(await epochsOf('slow'))[0], (await epochsOf('judged'))[0]]
    expect(slow?.error).toBeGreaterThan(1.2 * (fast?.error ?? Number.NaN))
  })

  it('measures no accuracy without a classifier, and shows clean, noisy and denoised images', async () => {
    const [epoch] = await epochsOf('alone')
    expect(epoch).toMatchObject({ noisy: null, clean: null, error: expect.any(Number) })
    const record = await readRun(output('alone'))
    const { samples } = record.samples.at(-1) ?? { samples: [] }
    expect(samples[0]).toMatchObject({ clean: expect.any(String), noisy: expect.any(String) })
    expect(samples[0]?.denoised).toEqual([{ png: expect.any(String) }])
    const { sections } = await runReport([{ name: 'alone', run: record }])
    const grid = sections.find(section => section.kind === 'imageGrid')
    expect(grid).toMatchObject({ grid: { columnLabels: ['clean', 'noisy', 'noise 1'] } })
  })

  it('is not certified without a classifier', async () => {
    await expect(smoothedSource(output('alone'), { classifier: [] } as never)).rejects.toThrow(
      'classifier.source: expected the source of a classifier, which a denoiser that was trained without one',
    )
  })

  it('is named by the folder of its run, in training and in certification', async () => {
    const trained = await denoiserOfRun(output('judged'))
    expect(trained).toMatchObject({ source: 'diffusers', path: expect.stringContaining('epoch-03') })
    const options = { preset: 'digits', denoiser: output('judged'), output: output('behind') }
    const { config } = await trainSettings({ ...options, dryRun: false, synthetic: false } as never)
    expect(config.smoothing.denoiser).toEqual(trained)
    const certified = await smoothedSource(undefined, { ...options, classifier: [] } as never)
    expect(certified.config.smoothing.denoiser).toEqual(trained)
    await train(parseConfig({ ...config, output: output('behind') }), { stopAfterUpdates: 1 })
    expect(await denoiserOfRun(CLASSIFIER)).toBeUndefined()
    await expect(denoiserOfRun(output('behind'))).rejects.toThrow(
      'has trained a classifier by the method ft-cadis, and no denoiser',
    )
    const path = join(folder, 'judged')
    await expect(torch.loadDenoiser(session, { source: 'diffusers', path })).rejects.toThrow(
      'is the folder of a run, expected that of a denoiser',
    )
  })

  it('is planned by a dry run', async () => {
    const found = await dryRun(session, run('planned'))
    expect(found.problems).toEqual([])
    expect(found.parameters?.trainable).toBe(found.parameters?.total)
    expect(found.parameters?.trainable).toBeGreaterThan(10_000)
    // Weights, their average, two moments: in each checkpoint, and in memory.
    const weights = 4 * (found.parameters?.total ?? 0)
    const checkpoint = join(output('judged'), 'checkpoints', 'epoch-03')
    const files = (await readdir(checkpoint, { withFileTypes: true, recursive: true })).filter(entry =>
      entry.isFile(),
    )
    const sizes = await Promise.all(
      files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
    )
    const written = sizes.reduce((sum, size) => sum + size, 0)
    expect(written / weights).toBeGreaterThan(4)
    expect(written / weights).toBeLessThan(4.5)
    const left = 5
    expect(found.disk?.needed).toBe(left * 4 * weights)
    expect(found.memory?.state).toBe(3 * weights)
  })

  it.each<[string, object, string]>([
    [
      'no diffusion model',
      { smoothing: { sigma: 0.25, denoiser: { source: 'dncnn', channels: 1 } } },
      'smoothing.denoiser.source: expected diffusers or openai for the method diffusion',
    ],
    [
      'given by a path and by arguments',
      { smoothing: { sigma: 0.25, denoiser: { source: 'diffusers', path: 'd', unet: {} } } },
      'smoothing.denoiser.unet: expected nothing beside a path',
    ],
    [
      'given by neither',
      { smoothing: { sigma: 0.25, denoiser: { source: 'diffusers' } } },
      'smoothing.denoiser.path: expected a path, or unet and scheduler',
    ],
  ])('that is %s is refused before any work', (_, change, message) => {
    expect(() => run('refused', change)).toThrow(message)
  })

  it('is the one thing that is trained without a classifier', () => {
    expect(() => run('refused', { method: { kind: 'gaussian' } })).toThrow(
      'classifier.source: expected the source of a classifier for the method gaussian',
    )
    expect(() => run('refused', { classifier: { source: 'none', resize: 32 } })).toThrow(
      'classifier.resize: expected nothing without a classifier',
    )
    const surrogates = [{ source: 'none' }]
    expect(() => run('refused', { method: { kind: 'denoiser', target: 'label', surrogates } })).toThrow(
      'method.surrogates.0.source: expected the source of a classifier, got none',
    )
  })

  it('has images that can be halved', () => {
    expect(smallUnet({ imageSize: 64 }).block_out_channels).toEqual([16, 32, 64, 64])
    expect(() => smallUnet({ imageSize: 60 })).toThrow('The denoiser halves images 3 times, got 60 pixels.')
  })

  it('is what FT-CADIS without a denoiser is told of', async () => {
    const warnings: string[] = []
    const listen = (warning: Error) => warnings.push(warning.message)
    process.on('warning', listen)
    const preset = presets.digits({ sigma: 0.25, output: output('without') })
    const without = parseConfig({ ...preset, smoothing: { sigma: 0.25, denoiser: { source: 'none' } } })
    await dryRun(session, without)
    await train(without, { stopAfterUpdates: 1 })
    await dryRun(session, preset)
    await new Promise(setImmediate)
    process.off('warning', listen)
    const told = warnings.filter(warning => warning.includes('smoothing.denoiser is none'))
    expect(told).toHaveLength(2)
    for (const warning of told) {
      expect(warning).toContain('ft-cadis train --preset denoiser.diffusion --data <folder>')
      expect(warning).toContain('docs/denoiser-for-your-images.md')
    }
  })
})
