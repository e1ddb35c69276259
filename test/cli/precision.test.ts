import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { precisionOn } from '../../src/cli/precision'
import { smoothedSource } from '../../src/cli/smoothed-source'
import type { TrainOptions } from '../../src/cli/train/options'
import { trainSettings } from '../../src/cli/train/train-settings'
import { PRECISIONS } from '../../src/config/precision'
import { presets } from '../../src/config/presets'

const NARROW = { dtype: 'bfloat16', autocast: 'none', tf32: true, channelsLast: true, compile: true }
const WIDE = { dtype: 'float32', autocast: 'none', tf32: false, channelsLast: false, compile: false }

describe('--precision of certify and predict', () => {
  async function arithmetic(options: object) {
    const { config } = await smoothedSource(undefined, { preset: 'digits', ...options })
    const { denoiser } = config.smoothing
    return {
      denoiser: denoiser.source === 'none' ? null : denoiser.dtype,
      ...Object.fromEntries(
        Object.entries(config.certification).filter(([name]) => Object.hasOwn(NARROW, name)),
      ),
    }
  }

  it('fast is bfloat16 weights, compiled, on a GPU', async () => {
    expect(await arithmetic({ precision: 'fast', device: 'cuda' })).toEqual({
      denoiser: 'bfloat16',
      ...NARROW,
    })
  })

  it('exact, and fast on a CPU, are float32', async () => {
    for (const options of [{ precision: 'exact' }, { precision: 'fast', device: 'cpu' }, {}]) {
      expect(await arithmetic(options)).toEqual({ denoiser: 'float32', ...WIDE })
    }
  })

  it('options of their own win', async () => {
    const own = { dtype: 'float16', compile: false, channelsLast: false } as const
    expect(await arithmetic({ precision: 'fast', device: 'cuda', ...own })).toEqual({
      ...{ denoiser: 'float16', ...NARROW },
      ...own,
    })
  })

  it('does not stand in the settings', async () => {
    const { config } = await smoothedSource(undefined, {
      preset: 'digits',
      precision: 'fast',
      device: 'cuda',
    })
    expect(JSON.stringify(config)).not.toMatch(/precision|fast/)
  })
})

describe('--precision of train', () => {
  let folder: string
  let file: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-precision-'))
    file = join(folder, 'settings.json')
    const digits = presets.digits({ denoiser: 'd', classifier: 'c', output: 'o' })
    await writeFile(file, JSON.stringify({ ...digits, tf32: true, autocast: 'float16' }))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const OFF = { dryRun: false, synthetic: false } as const
  const CIFAR10 = { preset: 'cifar10', sigma: 0.5, data: 'data', denoiser: 'd', classifier: 'c' } as const
  async function arithmetic(options: Partial<TrainOptions>) {
    const { config } = await trainSettings({ ...OFF, ...options } as TrainOptions)
    const { autocast, tf32, compile, certification, smoothing, dtype } = config
    const { denoiser } = smoothing
    return {
      ...{ autocast, tf32, compile, dtype, denoiser: denoiser.source === 'none' ? null : denoiser.dtype },
      certification: Object.fromEntries(
        Object.entries(certification).filter(([name]) => Object.hasOwn(NARROW, name)),
      ),
    }
  }
  const RELEASED = {
    ...{ autocast: 'float16', tf32: false, compile: 'none', dtype: 'float32', denoiser: 'float32' },
    certification: WIDE,
  }
  const FAST = {
    ...{ autocast: 'bfloat16', tf32: true, compile: 'all', dtype: 'float32', denoiser: 'bfloat16' },
    certification: NARROW,
  }

  it("exact is the preset's own, and so is fast on a CPU", async () => {
    for (const options of [{}, { precision: 'exact' }, { precision: 'fast', device: 'cpu' }] as const) {
      expect(await arithmetic({ ...CIFAR10, ...options })).toEqual(RELEASED)
    }
  })

  it('fast is bfloat16 and compiled on a GPU, the certification with it', async () => {
    expect(await arithmetic({ ...CIFAR10, precision: 'fast', device: 'cuda' })).toEqual(FAST)
  })

  it('is laid over a file, and --set and other options over it', async () => {
    expect(await arithmetic({ config: file, precision: 'exact' })).toEqual({ ...RELEASED, autocast: 'none' })
    const set = [{ path: 'autocast', value: 'none' }]
    const options = { config: file, precision: 'fast', device: 'cuda', set, compile: 'denoiser' } as const
    expect(await arithmetic(options)).toEqual({ ...FAST, autocast: 'none', compile: 'denoiser' })
  })

  it.each([
    [
      'a denoiser that is trained',
      { preset: 'denoiser.diffusion', data: 'data', imageSize: 32 },
      { autocast: 'bfloat16', tf32: true, compile: 'none', denoiser: 'float32' },
    ],
    [
      'noise after the first layer',
      {
        ...{ preset: 'table1.pixel-dp', scale: 'cifar10', data: 'data' },
        set: [{ path: 'optimisation.epochs', value: 2 }],
      },
      { compile: 'none', denoiser: null, certification: { ...NARROW, compile: false } },
    ],
    [
      'a network that normalises over the batch',
      { preset: 'table1.gaussian', scale: 'cifar10', data: 'data' },
      { compile: 'none', denoiser: null },
    ],
    [
      'members that are trained together',
      {
        ...{ preset: 'cifar10', data: 'data', denoiser: 'd', classifier: 'c' },
        set: [
          {
            path: 'method',
            value: { kind: 'diverse-ensemble', members: 2, gradientWeight: 1, marginWeight: 1 },
          },
        ],
      },
      { compile: 'denoiser', denoiser: 'bfloat16' },
    ],
    [
      'a classifier in float64',
      { ...CIFAR10, set: [{ path: 'dtype', value: 'float64' }] },
      { autocast: 'none', compile: 'all' },
    ],
  ] as const)('fast is on a GPU what %s can take', async (_, options, expected) => {
    expect(await arithmetic({ ...options, precision: 'fast', device: 'cuda' } as never)).toMatchObject(
      expected,
    )
  })

  it('asks for no number type of a denoiser where there is none', async () => {
    const { denoiser } = await arithmetic({ config: file, denoiser: 'none', precision: 'exact' })
    expect(denoiser).toBeNull()
  })
})

it('fast is in force where CUDA computes', async () => {
  for (const precision of PRECISIONS) {
    expect(await precisionOn(precision, { device: 'cpu' })).toBe('exact')
    expect(await precisionOn(precision, { device: 'cuda:1' })).toBe(precision)
  }
})
