import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, finetune, presets, type RunConfig, type Session, torch } from '../../src'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'

describe('a denoiser that is handed in', () => {
  let session: Session
  let folder: string
  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-denoiser-'))
  })
  afterAll(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  const source = 'diffusers'
  async function train(denoiser: torch.Denoiser, changes: Partial<RunConfig> = {}): Promise<void> {
    const output = join(folder, 'run')
    const preset = presets.digits({ denoiser: DENOISER, classifier: CLASSIFIER, output })
    const optimisation = { ...preset.optimisation, imagesPerUpdate: 400 }
    const config = { ...preset, optimisation, ...changes }
    const hooks = { denoiser, stopAfterUpdates: 1, updatesOnly: true, existing: 'replace' } as const
    const { networks } = await finetune(session, config, hooks)
    session.free(networks)
  }

  it('is taken where it is that of the settings, wherever that lies', async () => {
    await cp(DENOISER, join(folder, 'copy'), { recursive: true })
    const denoiser = await torch.loadDenoiser(session, { source, path: join(folder, 'copy') })
    await train(denoiser)
    session.free(denoiser)
  })

  it('is refused where its schedule, weights or dtype are others than the settings say', async () => {
    const schedule = JSON.parse(await readFile(join(DENOISER, 'scheduler_config.json'), 'utf8'))
    await cp(DENOISER, join(folder, 'other'), { recursive: true })
    await writeFile(
      join(folder, 'other', 'scheduler_config.json'),
      JSON.stringify({ ...schedule, beta_end: 0.03 }),
    )
    const other = await torch.loadDenoiser(session, { source, path: join(folder, 'other') })
    await expect(train(other)).rejects.toThrow(ConfigError)
    await expect(train(other)).rejects.toThrow(
      /handed in is diffusers .*other'.*that of the settings diffusers/,
    )
    const half = await torch.loadDenoiser(session, { source, path: DENOISER }, { dtype: 'bfloat16' })
    await expect(train(half)).rejects.toThrow(/in torch.bfloat16, that of the settings in torch.float32/)
    session.free([other, half])
  })

  it('is refused where it was trained since, and where the settings have none', async () => {
    const denoiser = await torch.loadDenoiser(session, { source, path: DENOISER })
    const smoothing = { sigma: 0.25, denoiser: { source: 'none' } } as const
    await expect(train(denoiser, { smoothing })).rejects.toThrow(/smoothing.denoiser.source is none/)
    denoiser.makeTrainable()
    await expect(train(denoiser)).rejects.toThrow(/made trainable after it was loaded/)
    session.free(denoiser)
  })
})
