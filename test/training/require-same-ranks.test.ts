import { expect, it } from 'vitest'
import type { Plain } from '../../src/bridge'
import { ConfigError } from '../../src/errors'
import { requireSameDataOnRanks, requireSameWeightsOnRanks } from '../../src/training/require-same-ranks'

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
