import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { presets } from '../../src'
import { certificationOf, parseCertificationConfig } from '../../src/config/schema'
import { CheckpointError, ConfigError } from '../../src/errors'
import { smoothedOf } from '../../src/runs/smoothed-of-folder'
import { writeSmoothed } from '../../src/smoothing/smoothed-file'
import { smoothingOf } from '../../src/smoothing/smoothing'

const settings = {
  smoothing: { sigma: 0.5, denoiser: { source: 'none' } },
  classifier: { source: 'timm', path: 'owner/name' },
  data: { source: 'digits' },
  certification: {},
  output: 'runs/x',
} as const

it('is what is known of it, or settings to be completed', async () => {
  const known = { config: parseCertificationConfig(settings), classes: ['a'] }
  expect(await smoothedOf(known)).toBe(known)
  expect(await smoothedOf(settings)).toEqual({ config: known.config })
  await expect(smoothedOf({ ...settings, certification: { n: -1 } })).rejects.toThrow(ConfigError)
})

it('is the settings of a run, with its checkpoint or without', async () => {
  const run = presets.digits({ denoiser: 'denoiser', classifier: 'classifier', output: 'runs/x' })
  expect(await smoothedOf(run)).toEqual({ config: certificationOf(run) })
  const checkpoint = join('runs', 'x', 'checkpoints', 'epoch-01')
  expect(await smoothedOf({ ...run, checkpoint })).toEqual({ config: certificationOf(run, checkpoint) })
  const denoiser = presets.denoiser.diffusion({ data: 'photos', output: 'runs/x' })
  expect((await smoothedOf({ ...denoiser, checkpoint })).config.smoothing.denoiser).toMatchObject({
    path: join(checkpoint, 'denoiser'),
  })
  await expect(smoothedOf({ ...run, checkpont: checkpoint } as object as typeof run)).rejects.toThrow(
    /checkpont: unknown/,
  )
})

it('is what stands in its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-input-'))
  await writeSmoothed(folder, {
    config: parseCertificationConfig(settings),
    smoothing: smoothingOf(null, 0.5),
    dataset: { classes: ['a', 'b'], imageShape: [1, 8, 8] },
    weights: { denoiser: null, classifier: { source: 'timm', hub: 'owner/name' } },
  })
  const { config, classes } = await smoothedOf(folder)
  expect({ sigma: config.smoothing.sigma, checkpoint: config.checkpoint, classes }).toEqual({
    ...{ sigma: 0.5, checkpoint: folder, classes: ['a', 'b'] },
  })
  await rm(folder, { recursive: true })
})

it('is the newest checkpoint of a run, also in a folder that was moved', async () => {
  const run = resolve('test/support/earlier-run')
  const { config } = await smoothedOf(run)
  expect(config).toMatchObject({ output: run, checkpoint: join(run, 'checkpoints', 'epoch-03') })
})

it('is not another folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-input-'))
  await expect(smoothedOf(folder)).rejects.toThrow(CheckpointError)
  await expect(smoothedOf(folder)).rejects.toThrow(/is neither a run nor a checkpoint of one/)
  const weights = join(folder, 'x.pth')
  await writeFile(weights, 'weights')
  await expect(smoothedOf(weights)).rejects.toThrow(/x\.pth is a file, .* `npx ft-cadis inspect <folder of/)
  await expect(smoothedOf(join(folder, 'none'))).rejects.toThrow(/none does not exist/)
  await rm(folder, { recursive: true })
})
