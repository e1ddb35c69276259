import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseCertificationConfig } from '../../src/config/schema'
import { CheckpointError, ConfigError } from '../../src/errors'
import {
  folderHashes,
  hashesOf,
  readSmoothed,
  type SmoothedMetadata,
  writeSmoothed,
} from '../../src/smoothing/smoothed-file'
import { smoothingOf } from '../../src/smoothing/smoothing'
import type { Denoiser } from '../../src/torch'
import { DENOISER } from '../support/digits'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-smoothed-'))
  await mkdir(join(folder, 'checkpoint'))
  await writeFile(join(folder, 'checkpoint', 'model.safetensors'), 'weights')
  await writeFile(join(folder, 'checkpoint', 'optimizer.safetensors'), 'moments')
})
afterEach(() => rm(folder, { recursive: true }))

const metadata: SmoothedMetadata = {
  config: parseCertificationConfig({
    smoothing: { sigma: 0.75, denoiser: { source: 'diffusers', path: DENOISER } },
    classifier: { source: 'timm', path: 'owner/name', resize: 8 },
    checkpoint: 'somewhere/else',
    data: { source: 'digits' },
    certification: { n: 1000, dtype: 'float64' },
    output: 'runs/digits',
    device: 'cuda:3',
    threads: 4,
  }),
  smoothing: {
    sigma: 0.75,
    realisedSigma: 0.76,
    scales: { image: 0.54, noise: 0.83 },
    front: {
      kind: 'one-shot',
      network: {} as Denoiser,
      level: {
        sigma: 0.75,
        timestep: 40,
        modelTimestep: 40,
        alphaCumprod: 0.3,
        sqrtAlphaCumprod: 0.54,
        sqrtOneMinusAlphaCumprod: 0.83,
        realisedSigma: 0.76,
      },
    },
    autocast: 'none',
  },
  dataset: { classes: ['zero', 'one'], imageShape: [1, 8, 8] },
  weights: {
    denoiser: { source: 'diffusers', path: '/a/b', sha256: 'dd', published: true },
    classifier: { source: 'timm', hub: 'owner/name', commit: 'cc', sha256: { 'model.safetensors': 'aa' } },
  },
  versions: { torch: '2' },
}

it('refuses a smoothing of another sigma than the configuration', async () => {
  const other = { ...metadata, smoothing: { ...metadata.smoothing, sigma: 0.5 } }
  const written = writeSmoothed(join(folder, 'checkpoint'), other)
  await expect(written).rejects.toThrow(
    new ConfigError('The smoothing has sigma 0.5, but the configuration 0.75.', {
      remedy: 'Make the smoothing of the sigma of the configuration.',
    }),
  )
})

it('describes the smoothed classifier beside its weights, wherever the folder goes', async () => {
  await writeSmoothed(join(folder, 'checkpoint'), metadata)
  const moved = join(folder, 'moved')
  await rename(join(folder, 'checkpoint'), moved)
  const found = await readSmoothed(moved)
  expect(found).toEqual({
    config: {
      ...metadata.config,
      checkpoint: moved,
      output: moved,
      device: 'auto',
      threads: undefined,
    },
    noise: { timestep: 40, realisedSigma: 0.76 },
    imageShape: [1, 8, 8],
    classes: ['zero', 'one'],
    weights: {
      denoiser: { source: 'diffusers', sha256: 'dd' },
      classifier: { source: 'timm', hub: 'owner/name', commit: 'cc', sha256: { 'model.safetensors': 'aa' } },
      // echo -n weights | sha256sum
      checkpoint: {
        'model.safetensors': '9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c',
      },
    },
    versions: expect.objectContaining({ torch: '2', node: process.versions.node }),
  })
})

it('writes paths that exist in full, and leaves what is on the hub', async () => {
  await writeSmoothed(join(folder, 'checkpoint'), {
    ...metadata,
    config: {
      ...metadata.config,
      smoothing: {
        sigma: 0.75,
        denoiser: { source: 'diffusers', path: relative(process.cwd(), DENOISER), dtype: 'float32' },
      },
    },
  })
  const { config } = (await readSmoothed(join(folder, 'checkpoint'))) ?? {}
  expect(config?.smoothing.denoiser).toMatchObject({ path: DENOISER })
  expect(config?.classifier).toMatchObject({ path: 'owner/name' })
})

it('writes no other text in full that happens to be a path', async () => {
  await writeSmoothed(join(folder, 'checkpoint'), {
    ...metadata,
    config: {
      ...metadata.config,
      classifier: { source: 'python', file: 'package.json', factory: 'src', inputRange: 'symmetric' },
      data: {
        source: 'folder',
        path: 'test',
        imageSize: 8,
        resizeSize: 8,
        augment: true,
        workers: 0,
        onCorrupt: 'fail',
      },
    },
  })
  const { config } = (await readSmoothed(join(folder, 'checkpoint'))) ?? {}
  expect(config?.classifier).toMatchObject({ file: join(process.cwd(), 'package.json'), factory: 'src' })
  expect(config?.data).toMatchObject({ source: 'folder', path: join(process.cwd(), 'test') })
})

it('is of the off-the-shelf weights where it names no checkpoint', async () => {
  await writeSmoothed(join(folder, 'checkpoint'), metadata)
  const path = join(folder, 'checkpoint', 'smoothed.json')
  await writeFile(path, (await readFile(path, 'utf8')).replace('"checkpoint": "."', '"checkpoint": null'))
  await expect(readSmoothed(join(folder, 'checkpoint'))).rejects.toThrow(/checkpoint/)
  const { config, ...others } = JSON.parse(await readFile(path, 'utf8'))
  const { checkpoint: _, ...without } = config
  await writeFile(path, JSON.stringify({ ...others, config: without }))
  expect((await readSmoothed(join(folder, 'checkpoint')))?.config).not.toHaveProperty('checkpoint')
})

it('knows the weights of a folder by their names, and nothing else in it', async () => {
  const weights = [
    'pytorch_model-1-of-2.bin',
    'model.safetensors',
    'adapter_model.safetensors',
    'adapter_config.json',
  ]
  const others = [
    'a_model.safetensors',
    'model.safetensors.tmp',
    'pytorch_model.bin.index',
    'my_pytorch_model.bin',
  ]
  for (const name of [...weights, ...others]) await writeFile(join(folder, name), name)
  expect(Object.keys(await folderHashes(folder))).toEqual([...weights].sort())
})

it('does without a denoiser', async () => {
  const config = { ...metadata.config, smoothing: { sigma: 0.75, denoiser: { source: 'none' as const } } }
  const weights = { ...metadata.weights, denoiser: null }
  await writeSmoothed(join(folder, 'checkpoint'), {
    ...{ ...metadata, config, weights },
    smoothing: smoothingOf(null, 0.75),
  })
  expect(await readSmoothed(join(folder, 'checkpoint'))).toMatchObject({
    noise: { timestep: null, realisedSigma: null },
    weights: { denoiser: null },
  })
})

it('is nothing where no file is', async () => {
  expect(await readSmoothed(folder)).toBeUndefined()
  expect(await readSmoothed(join(folder, 'checkpoint', 'model.safetensors'))).toBeUndefined()
})

it.each([
  ['no JSON', () => '{', /does not describe a smoothed classifier: .* in JSON/],
  [
    'hashes that are none',
    (text: string) =>
      text.replace(/"denoiser": {\s+"source": "diffusers",\s+"sha256": "dd"\s+}/, '"denoiser": "dd"'),
    /weights.denoiser/,
  ],
  ['another format', (text: string) => text.replace('"format": 1', '"format": 2'), /format/],
  ['another setting', (text: string) => text.replace('"sigma": 0.75', '"sigma": -1'), /sigma/],
])('refuses %s', async (_what, change, message) => {
  await writeSmoothed(join(folder, 'checkpoint'), metadata)
  const path = join(folder, 'checkpoint', 'smoothed.json')
  await writeFile(path, change(await readFile(path, 'utf8')))
  await expect(readSmoothed(join(folder, 'checkpoint'))).rejects.toThrow(CheckpointError)
  await expect(readSmoothed(join(folder, 'checkpoint'))).rejects.toThrow(message)
})

it('is refused by its name where it cannot be read', async () => {
  await mkdir(join(folder, 'smoothed.json'))
  await expect(readSmoothed(folder)).rejects.toThrow(CheckpointError)
  await expect(readSmoothed(folder)).rejects.toThrow(
    /smoothed\.json does not describe .*it is a folder, expected a file/,
  )
})

it('knows weights by what they are, not by where they lie', () => {
  expect(
    hashesOf({ source: 'python', code: { path: '/x.py', sha256: 'ee' }, random: false, published: false }),
  ).toEqual({
    source: 'python',
    code: 'ee',
    random: false,
  })
})
