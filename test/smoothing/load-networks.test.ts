import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { Session } from '../../src/bridge'
import {
  type CertificationRunConfig,
  type DataConfig,
  parseCertificationConfig,
} from '../../src/config/schema'
import { CheckpointError, ConfigError } from '../../src/errors'
import { loadBaseClassifier, loadNetworks } from '../../src/smoothing/load-networks'
import { nameOf } from '../../src/smoothing/name-of'
import { writeSmoothed } from '../../src/smoothing/smoothed-file'
import { smoothingOf } from '../../src/smoothing/smoothing'
import { datasetSpec } from '../../src/smoothing/specs'

function settings(changes: object): CertificationRunConfig {
  return parseCertificationConfig({
    smoothing: { sigma: 0.5, denoiser: { source: 'none' } },
    classifier: { source: 'timm', path: 'owner/name' },
    data: { source: 'digits' },
    certification: {},
    output: 'runs/x',
    ...changes,
  })
}

describe('datasetSpec', () => {
  const dataOf = (data: object): DataConfig => settings({ data }).data

  it('opens the images for testing, those of files as they are', () => {
    expect(datasetSpec(dataOf({ source: 'digits', heldOut: 'validation' }), 'test')).toEqual({
      ...{ source: 'digits', heldOut: 'validation', split: 'test' },
    })
    expect(datasetSpec(dataOf({ source: 'cifar10', path: 'x' }), 'test')).toMatchObject({
      ...{ source: 'cifar10', path: 'x', split: 'test', augment: false },
    })
    const synthetic = { source: 'synthetic', imageSize: 8, classes: 10, trainImages: 20, testImages: 10 }
    expect(datasetSpec(dataOf(synthetic), 'test')).toEqual({ ...synthetic, split: 'test' })
  })

  it('decodes images where they are used', () => {
    for (const source of ['imagenet', 'folder']) {
      expect(datasetSpec(dataOf({ source, path: 'x' }), 'test').workers).toBeUndefined()
    }
  })
})

describe('the name of what is certified', () => {
  it.each([
    ['a checkpoint of a run', { checkpoint: '/a/runs/mine/checkpoints/epoch-02' }, 'mine/epoch-02'],
    ['a checkpoint elsewhere', { checkpoint: '/a/models/best' }, 'models/best'],
    [
      'weights by name',
      { classifier: { source: 'timm', name: 'vit_tiny_patch16_224' } },
      'timm:vit_tiny_patch16_224',
    ],
    ['weights in a folder', { classifier: { source: 'timm', path: '/a/b/weights' } }, 'timm:weights'],
  ])('is that of %s', (_, changes, name) => {
    expect(nameOf(settings(changes))).toBe(name)
  })

  it('says that weights are random', () => {
    const { classifier, ...others } = settings({})
    expect(nameOf({ ...others, classifier: { ...classifier, path: undefined } as typeof classifier })).toBe(
      'timm:random',
    )
  })
})

describe('loadNetworks', () => {
  /** A session that answers without Python, and what it was to load. */
  function answering(
    descriptions: readonly object[] = [{ random: null }],
    denoiser: readonly object[] = [],
    further: readonly object[] = [],
  ) {
    const loads: Recorded['parameters'][] = []
    const provenance = { denoiser, classifier: { source: 'timm', sha256: 'off the shelf' } }
    const answers: unknown[] = [...descriptions, provenance, ...further]
    const session = {
      record(operation: string, _inputs: unknown, { parameters, make }: Recorded) {
        if (operation.startsWith('load_')) loads.push(parameters)
        return make(session, 1)
      },
      free: () => undefined,
      async compute(recordAll: () => unknown) {
        recordAll()
        return answers.shift()
      },
    }
    return { session: session as unknown as Session, loads }
  }

  interface Recorded {
    readonly parameters?: { readonly spec?: unknown }
    readonly make: (session: unknown, id: number) => unknown
  }

  it('refuses a member whose weights are not those that its checkpoint describes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-load-'))
    await writeFile(join(folder, 'model.safetensors'), 'weights')
    await writeSmoothed(folder, {
      config: settings({}),
      smoothing: smoothingOf(null, 0.5),
      dataset: { classes: ['a', 'b'], imageShape: [1, 8, 8] },
      weights: { denoiser: null, classifier: { source: 'timm' } },
    })
    const load = () => {
      const member = [{ random: null }, { found: { source: 'timm' } }]
      const { session } = answering([{ random: null }], [], member)
      return loadNetworks(session, settings({ ensemble: { others: [{ checkpoint: folder }] } }))
    }
    expect((await load()).others).toHaveLength(1)
    await writeFile(join(folder, 'model.safetensors'), 'others')
    await expect(load()).rejects.toThrow(CheckpointError)
    await expect(load()).rejects.toThrow(
      `The weights of the checkpoint ${folder} are not those of the smoothed classifier`,
    )
    await rm(folder, { recursive: true })
  })

  it('takes a checkpoint for an adapter of the network, or for the whole network', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-load-'))
    const load = async (checkpoint?: string) => {
      const { session, loads } = answering()
      const { weights } = await loadNetworks(
        session,
        settings(checkpoint === undefined ? {} : { checkpoint }),
      )
      const files = weights.checkpoint && Object.keys(weights.checkpoint)
      return { spec: loads[0]?.spec, classifier: weights.classifier, files }
    }
    const [adapter, whole] = [join(folder, 'adapter'), join(folder, 'whole')]
    await mkdir(adapter)
    await mkdir(whole)
    for (const name of ['adapter_config.json', 'adapter_model.safetensors']) {
      await writeFile(join(adapter, name), '{}')
    }
    await writeFile(join(whole, 'model.safetensors'), 'weights')

    const named = { source: 'timm', path: 'owner/name' }
    const classifier = { source: 'timm', sha256: 'off the shelf' }
    expect(await load()).toMatchObject({ spec: named, classifier, files: null })
    expect(await load(adapter)).toMatchObject({
      ...{ spec: { ...named, adapter }, classifier },
      files: ['adapter_config.json', 'adapter_model.safetensors'],
    })
    expect(await load(whole)).toMatchObject({
      ...{ spec: { ...named, path: whole }, classifier: null, files: ['model.safetensors'] },
    })
    await rm(folder, { recursive: true })
  })

  it('stands on the adapters of the settings, unless a checkpoint takes their place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-load-'))
    const checkpoint = join(folder, 'checkpoint')
    await mkdir(checkpoint)
    const classifier = { source: 'timm', path: 'owner/name', adapter: 'theirs' }
    const load = async (changes: object) => {
      const { session, loads } = answering()
      await loadNetworks(session, settings({ classifier, ...changes }))
      return loads[0]?.spec as Record<string, unknown>
    }
    expect(await load({})).toMatchObject({ path: 'owner/name', adapter: 'theirs' })
    expect((await load({ checkpoint })).adapter).toBeUndefined()
    await writeFile(join(checkpoint, 'adapter_config.json'), '{}')
    expect(await load({ checkpoint })).toMatchObject({ path: 'owner/name', adapter: checkpoint })
    await rm(folder, { recursive: true })
  })

  it('says what of the weights was not used', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    await loadNetworks(
      answering([{ random: null, notes: ['Of it 1 key is not used.'] }]).session,
      settings({}),
    )
    expect(warn).toHaveBeenCalledExactlyOnceWith('Of it 1 key is not used.')
    warn.mockRestore()
  })

  it('refuses random weights, but where it measures', async () => {
    const load = (random: unknown, options = {}, changes = {}) =>
      loadNetworks(answering([{ random }]).session, settings(changes), options)
    await expect(load('network')).rejects.toThrow(ConfigError)
    await expect(load('network')).rejects.toThrow(/timm:name has random weights.*Give weights as/)
    await expect(
      load('head', {}, { classifier: { source: 'timm', path: 'owner/name', numClasses: 7 } }),
    ).rejects.toThrow(
      /The head .*timm:name has none for classifier.numClasses 7.*weights with a head, without classifier.numClasses/,
    )
    expect(await load('network', { randomWeights: 'allowed' })).toMatchObject({ denoiser: null })
  })

  it('refuses to train adapters over a random network, but where it measures', async () => {
    const tuning = { kind: 'lora', rank: 1, alpha: 1 } as const
    const load = (random: string | null, options: object = {}) =>
      loadBaseClassifier(answering([{ random }]).session, settings({}).classifier, { tuning, ...options })
    await expect(load('network')).rejects.toThrow(ConfigError)
    await expect(load('network')).rejects.toThrow(
      /LoRA would train adapters for timm:name, .*tuning.kind full/,
    )
    await load('network', { randomWeights: 'allowed' })
    await load('network', { tuning: { kind: 'full' } })
    // The checkpoint holds the head.
    await load('head')
  })

  it('refuses a random denoiser too', async () => {
    const denoiser = { source: 'openai', preset: 'cifar10' }
    const { session } = answering(
      [{ kind: 'linear' }, { random: null }],
      [{ source: 'openai', random: true }],
    )
    const loaded = loadNetworks(session, settings({ smoothing: { sigma: 0.5, denoiser } }))
    await expect(loaded).rejects.toThrow(/The denoiser has random weights.*smoothing.denoiser.path/)
  })

  it('has both networks compute as the settings say', async () => {
    const { session, loads } = answering([{ kind: 'linear' }, { random: null }])
    const { denoiser } = await loadNetworks(
      session,
      settings({
        smoothing: {
          sigma: 0.5,
          denoiser: { source: 'diffusers', path: 'owner/denoiser', dtype: 'bfloat16' },
        },
        certification: { dtype: 'float16', autocast: 'bfloat16' },
      }),
    )
    expect(denoiser).toMatchObject({ schedule: { kind: 'linear' } })
    expect(loads).toMatchObject([
      { spec: { source: 'diffusers', path: 'owner/denoiser' }, dtype: 'bfloat16' },
      { spec: { source: 'timm', path: 'owner/name' }, dtype: 'float16', autocast: 'bfloat16' },
    ])
  })
})
