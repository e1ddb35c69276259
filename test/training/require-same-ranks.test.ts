import { expect, it } from 'vitest'
import type { Plain } from '../../src/bridge'
import { ConfigError } from '../../src/errors'
import {
  type RankSettings,
  requireSameDataOnRanks,
  requireSameSettingsOnRanks,
  requireSameWeightsOnRanks,
} from '../../src/training/require-same-ranks'

const set = { images: 10, classes: ['a', 'b'], digest: 'aa' }
const data = { train: set, test: { ...set, images: 4 } }
const weights = {
  denoiser: null,
  classifier: { source: 'timm', path: '/a', sha256: { 'model.safetensors': 'aa' } },
}

/** Ranks of which the others have these values. */
const ranks = (...others: readonly object[]) => ({
  worldSize: others.length + 1,
  gather: async <T extends Plain>(value: T) => [value, ...others.map(other => JSON.stringify(other) as T)],
})

it.each([
  [
    'class names',
    { ...data, train: { ...set, classes: ['b', 'a'] } },
    'train: classes: a, b on rank 0, b, a on rank 2',
  ],
  ['numbers of images', { ...data, test: set }, 'test: number of images: 4 on rank 0, 10 on rank 2'],
  [
    'labels, names or sizes',
    { ...data, train: { ...set, digest: 'bb' } },
    'train: digest of images and labels: aa on rank 0, bb on rank 2',
  ],
])('refuses ranks that see other %s, and names both', async (_what, other, line) => {
  await requireSameDataOnRanks(ranks(data, data), data)
  const refused = requireSameDataOnRanks(ranks(data, other), data)
  await expect(refused).rejects.toThrow(ConfigError)
  await expect(refused).rejects.toThrow(`Rank 0 and rank 2 have other data:\n  ${line}`)
})

it('refuses ranks of other weights, wherever these lie', async () => {
  const elsewhere = { ...weights, classifier: { ...weights.classifier, path: '/b' } }
  await requireSameWeightsOnRanks(ranks(elsewhere), weights)
  const other = { ...weights, classifier: { ...weights.classifier, sha256: { 'model.safetensors': 'bb' } } }
  await expect(requireSameWeightsOnRanks(ranks(other), weights)).rejects.toThrow(
    'Rank 0 and rank 1 have other weights:\n  classifier.sha256.model.safetensors: "aa" on rank 0, "bb" on rank 1',
  )
})

it('refuses ranks whose code, imports or adapters are others', async () => {
  const classifier = {
    ...{ source: 'python', random: false, code: { path: '/a/net.py', sha256: 'aa' } },
    ...{ imported: { 'block.py': 'aa' }, adapter: { 'adapter_model.safetensors': 'aa' } },
  }
  const moved = { ...classifier, code: { path: '/b/net.py', sha256: 'aa' } }
  const described = { denoiser: null, classifier }
  await requireSameWeightsOnRanks(ranks({ denoiser: null, classifier: moved }), described)
  const others = [
    ['code.sha256', { code: { ...classifier.code, sha256: 'bb' } }],
    ['imported.block.py', { imported: { 'block.py': 'bb' } }],
    ['adapter.adapter_model.safetensors', { adapter: { 'adapter_model.safetensors': 'bb' } }],
  ] as const
  for (const [field, change] of others) {
    const other = { denoiser: null, classifier: { ...classifier, ...change } }
    await expect(requireSameWeightsOnRanks(ranks(other), described)).rejects.toThrow(
      `Rank 0 and rank 1 have other weights:\n  classifier.${field}: "aa" on rank 0, "bb" on rank 1`,
    )
  }
})

const rule = { name: 'right', parameters: { threshold: 0.8 }, sha256: 'a'.repeat(64) }
const settings = {
  config: { output: '/a', data: { path: '/a', imageSize: 8 }, checkpoints: { everyUpdates: 3 } },
  hooks: { rule },
  options: { updatesOnly: false },
} as unknown as RankSettings

it('refuses ranks that train by other settings, functions or lengths, wherever their files lie', async () => {
  const { config, hooks, options } = settings
  const elsewhere = { ...settings, config: { ...config, output: '/b', data: { ...config.data, path: '/b' } } }
  await requireSameSettingsOnRanks(ranks(elsewhere), settings)
  const others = [
    [{ config: { ...config, data: { ...config.data, imageSize: 9 } } }, 'data.imageSize: 8 on rank 0, 9 on'],
    [{ config: { ...config, checkpoints: {} } }, 'checkpoints.everyUpdates: 3 on rank 0, absent on rank 1'],
    [{ options: { ...options, stopAfterUpdates: 4 } }, 'stopAfterUpdates: absent on rank 0, 4 on rank 1'],
    [{ hooks: {} }, 'rule: right {"threshold":0.8}, source aaaaaaaa on rank 0, none on rank 1'],
    [{ hooks: { ...hooks, rule: { ...rule, sha256: 'b'.repeat(64) } } }, 'source bbbbbbbb on rank 1'],
  ] as const
  for (const [change, line] of others) {
    const refused = requireSameSettingsOnRanks(ranks({ ...settings, ...change }), settings)
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(line)
  }
})
