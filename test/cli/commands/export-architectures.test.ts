import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { finetune, parseConfig, type RunConfigInput, type Session, torch, toSymmetric } from '../../../src'
import { connectForTest } from '../../support/digits'
import { onnxIsMissing } from '../../support/onnx-is-missing'
import { runProgram, runSnippets, runSupportScript } from '../../support/run-example'
import { casesOf } from '../../support/slow'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 400_000 })

type Logits = readonly number[][]
type Network = Pick<RunConfigInput, 'classifier' | 'tuning'>

const SIZE: [number, number] = [16, 24]
const RANGE = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] }
const PIXELS = Array.from({ length: 2 }, (_, image) =>
  Array.from({ length: 3 }, (_, channel) =>
    Array.from({ length: SIZE[0] }, (_, row) =>
      Array.from({ length: SIZE[1] }, (_, column) => (1 + Math.sin(image + 2 * channel + row * column)) / 2),
    ),
  ),
)

describe('what export prints', () => {
  let folder: string

  const networks = (): Readonly<Record<string, Network>> => {
    const timm = {
      ...{ source: 'timm' as const, name: 'vit_tiny_patch16_224', path: join(folder, 'vit.safetensors') },
      modelArgs: { img_size: SIZE, patch_size: 8, embed_dim: 24, depth: 2, num_heads: 3 },
    }
    const transformers = { source: 'transformers' as const, path: join(folder, 'transformers') }
    const own = {
      ...{ source: 'python' as const, file: join(__dirname, '..', '..', 'support', 'attention_network.py') },
      ...{ factory: 'make', arguments: { width: 16 }, heads: ['head'] },
    }
    const lora = { kind: 'lora' as const, rank: 2, alpha: 4 }
    const full = { kind: 'full' as const }
    return {
      'timm-file': { classifier: { ...timm, inputRange: RANGE }, tuning: lora },
      'timm-resized': {
        classifier: {
          ...{ source: 'timm', name: 'resnet10t', pretrained: false, numClasses: 3, resize: [32, 48] },
          inputRange: { mean: [0.5], std: [0.5] },
        },
        tuning: full,
      },
      transformers: { classifier: { ...transformers, inputRange: RANGE }, tuning: lora },
      python: { classifier: { ...own, resize: [24, 32] }, tuning: lora },
      resnet110: { classifier: { source: 'resnet110', numClasses: 3, inputRange: RANGE }, tuning: full },
    }
  }

  let session: Session
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-architectures-'))
    await runSupportScript('tiny_networks.py', folder)
    for (const split of ['train', 'val']) {
      for (const [label, name] of ['a', 'b', 'c'].entries()) {
        await mkdir(join(folder, 'photos', split, name), { recursive: true })
        const pixels = Buffer.alloc(3 * SIZE[0] * SIZE[1], 40 + 80 * label)
        const content = Buffer.concat([Buffer.from(`P6 ${SIZE[1]} ${SIZE[0]} 255\n`), pixels])
        await writeFile(join(folder, 'photos', split, name, '0.ppm'), content)
      }
    }
    await writeFile(join(folder, 'images.json'), JSON.stringify(PIXELS))
    session = await connectForTest()
  })
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })

  /** Trains a network for a step, and returns what it says of the images then. */
  async function trained(output: string, settings: Network): Promise<Logits> {
    const config = parseConfig({
      smoothing: { sigma: 0.25, denoiser: { source: 'none' } },
      ...settings,
      data: {
        ...{ source: 'folder', path: join(folder, 'photos'), workers: 0 },
        ...{ imageSize: SIZE, resizeSize: SIZE },
      },
      method: { kind: 'gaussian' },
      optimisation: {
        ...{ epochs: 1, warmupEpochs: 0, imagesPerUpdate: 3, learningRate: 0.02 },
        weightDecay: { start: 0, end: 0 },
      },
      ...{ output, device: 'cpu' },
    })
    const result = await finetune(session, config, { progress: false, eventFiles: false })
    const { classifier } = result.networks
    const { logits } = await session.compute(() =>
      torch.noGrad(session, () => ({
        logits: classifier.classify(toSymmetric(torch.tensor(session, PIXELS, { axes: 'NCHW' }))),
      })),
    )
    session.free([result.networks, result.smoothing])
    return logits as Logits
  }

  it.each(
    casesOf<[string, readonly string[]]>(
      [
        ['timm-file', ['--merge', '--adapter']],
        ['transformers', ['--merge', '--adapter']],
        ['resnet110', ['--merge']],
      ],
      [
        ['timm-resized', ['--merge']],
        ['python', ['--merge', '--adapter']],
      ],
    ),
  )('of %s gives the logits of the session when a person runs it', async (name, targets) => {
    const run = join(folder, 'runs', name)
    const expected = await trained(run, networks()[name] as Network)
    const largest = Math.max(1, ...expected.flat().map(Math.abs))
    const isWithOnnx = (await onnxIsMissing()) === undefined
    const written = [...targets, ...(isWithOnnx ? ['--onnx'] : [])]
    const folders = written.map(target => join(folder, `${name}${target}`))
    const words = written.flatMap((target, place) => [target, folders[place] ?? ''])
    const { stdout, stderr, exitCode } = await runProgram('src/cli/main.ts', 'export', run, ...words)
    expect({ stderr, exitCode }).toEqual({ stderr: expect.any(String), exitCode: 0 })
    const snippets = stdout.split('\n\n').filter(text => text.startsWith('import '))
    expect(snippets).toHaveLength(written.length)
    const exports = snippets.map(async (snippet, place) => {
      const file = join(folder, `${name}-${place}.py`)
      await writeFile(file, snippet)
      return [file, folders[place] ?? ''] as const
    })
    for (const { logits } of await runSnippets(join(folder, 'images.json'), await Promise.all(exports))) {
      const differences = logits.flatMap((row, image) =>
        row.map((value, label) => Math.abs(value - (expected[image]?.[label] ?? Number.NaN))),
      )
      expect(differences).toHaveLength(6)
      expect(Math.max(...differences) / largest).toBeLessThan(1e-4)
    }
  })
})
