import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '../../src/bridge'
import { parseCertificationConfig } from '../../src/config/schema'
import { ConfigError } from '../../src/errors'
import { loadNetworks } from '../../src/smoothing/load-networks'
import { requireFittingWeights } from '../../src/smoothing/require-fitting-weights'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-fitting-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Writes the files that stand beside weights. */
async function weights(name: string, files: Readonly<Record<string, object>>): Promise<string> {
  const path = join(folder, name)
  await mkdir(path)
  for (const [file, content] of Object.entries(files)) {
    await writeFile(join(path, file), JSON.stringify(content))
  }
  return path
}

const timm = (name: string, { classes = 10, size = 8, mean = 0.5 } = {}) =>
  weights(name, {
    'config.json': {
      num_classes: classes,
      pretrained_cfg: { input_size: [1, size, size], mean: [mean], std: [0.5] },
    },
  })

const transformers = (name: string, { labels = ['a', 'b'], size = 8, mean = 0.5 } = {}) =>
  weights(name, {
    'config.json': { id2label: { ...labels }, image_size: size },
    'preprocessor_config.json': { image_mean: [mean], image_std: [0.5] },
  })

const settings = (source: 'timm' | 'transformers', path: string, more: object) =>
  parseCertificationConfig({
    ...{ smoothing: { sigma: 0.5, denoiser: { source: 'none' } }, data: { source: 'digits' } },
    ...{ classifier: { source, path }, certification: {}, output: folder, ...more },
  })

/** Nothing may be loaded with it. */
const NO_SESSION = {} as Session

describe('members of an ensemble', () => {
  it.each<['timm' | 'transformers', string, string, () => Promise<string>]>([
    ['timm', 'classes', '10 in .*, 5 in ', () => timm('other', { classes: 5 })],
    ['timm', 'image size', '8 × 8 in .*, 16 × 16 in ', () => timm('other', { size: 16 })],
    ['timm', 'normalisation', 'mean \\[0.5\\] .*, mean \\[0.9\\] ', () => timm('other', { mean: 0.9 })],
    ['transformers', 'classes', '2 in .*, 1 in ', () => transformers('other', { labels: ['a'] })],
    ['transformers', 'image size', '8 × 8 in .*, 16 × 16 in ', () => transformers('other', { size: 16 })],
    [
      'transformers',
      'normalisation',
      'mean \\[0.5\\] .*first/preprocessor_config.json, mean \\[0.9\\] ',
      () => transformers('other', { mean: 0.9 }),
    ],
  ])(
    'of %s whose files state another %s are refused before they are loaded',
    async (source, what, values, make) => {
      const first = await (source === 'timm' ? timm('first') : transformers('first'))
      const config = settings(source, first, {
        ensemble: { others: [{ path: first }, { path: await make() }] },
      })
      const load = loadNetworks(NO_SESSION, config)
      await expect(load).rejects.toThrow(ConfigError)
      await expect(load).rejects.toThrow(
        new RegExp(`^The weights of the ensemble do not go together:\\n {2}${what}: ${values}`),
      )
      await expect(load).rejects.toThrow(/Give --classifier or ensemble\.others/)
    },
  )

  it('go together where their files state the same, or nothing', async () => {
    const [first, same] = [await timm('first'), await timm('same', { mean: 0.50001 })]
    const others = [{ path: same }, { path: 'owner/name' }, { path: await weights('silent', {}) }]
    await requireFittingWeights(settings('timm', first, { ensemble: { others } }))
    // What a run has trained was compared by its settings.
    const trained = [
      { path: await timm('trained', { classes: 5 }), checkpoint: 'runs/a/checkpoints/epoch-01' },
    ]
    await requireFittingWeights(settings('timm', first, { ensemble: { others: trained } }))
  })

  it('may be files, which state nothing', async () => {
    const file = join(folder, 'weights.pth')
    await writeFile(file, 'weights')
    await requireFittingWeights(settings('timm', file, { ensemble: { others: [{ path: file }] } }))
  })
})

it('a selector whose file states another number of classes than two is refused before it is loaded', async () => {
  const aces = async (path: string) => {
    const selector = { classifier: { source: 'timm', path } }
    const certification = { procedure: { kind: 'aces', threshold: 0.5 } }
    return settings('timm', await timm(`first-${path.length}`), { aces: { selector }, certification })
  }
  const load = loadNetworks(NO_SESSION, await aces(await timm('ten')))
  await expect(load).rejects.toThrow(ConfigError)
  await expect(load).rejects.toThrow(/The selector, aces\.selector, tells 10 classes apart, expected 2/)
  await requireFittingWeights(await aces(await timm('selector', { classes: 2 })))
})
