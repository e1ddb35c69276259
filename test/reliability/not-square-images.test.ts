import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attack,
  type CertificationRunConfigInput,
  certify,
  dryRun,
  finetune,
  loadSmoothed,
  parseConfig,
  predict,
  presets,
  type RunConfigInput,
  type Session,
  syntheticRun,
} from '../../src'
import { SHORT_SCHEDULE, smallUnet } from '../../src/config/diffusion/small-unet'
import { serve } from '../../src/service/serve'
import { ask } from '../service/digits-service'
import { connectForTest } from '../support/digits'
import { useForkedPython } from '../support/forked-python'
import { runProgram } from '../support/run-example'
import { greySettings } from '../support/tiny-images'

useForkedPython()

const SIZE: [number, number] = [24, 32]
const PLAIN = { sigma: 0.25, denoiser: { source: 'none' } }
const TIMEOUT_MS = 240_000

/** A small vision transformer for images of a size. */
const transformer = (size: [number, number]) => ({
  ...{ source: 'timm' as const, name: 'vit_tiny_patch16_224', pretrained: false, numClasses: 2 },
  modelArgs: { img_size: size, patch_size: 8, embed_dim: 24, depth: 2, num_heads: 3 },
})

/** A PPM file of one grey. */
function picture([height, width]: readonly [number, number], grey: number): Buffer {
  return Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), Buffer.alloc(3 * height * width, grey)])
}

describe('images that are not square', () => {
  let folder: string
  const files: string[] = []
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-not-square-'))
    for (const split of ['train', 'val']) {
      for (const [name, grey] of [
        ['dark', 20],
        ['light', 220],
      ] as const) {
        await mkdir(join(folder, 'photos', split, name), { recursive: true })
        for (let number = 0; number < 4; number += 1) {
          const file = join(folder, 'photos', split, name, `${number}.ppm`)
          // Of the proportions of the size, wider and narrower.
          const width = [32, 60, 25, 64][number] ?? 0
          await writeFile(file, picture([number === 3 ? 48 : 24, width], grey + number))
          if (split === 'val') files.push(file)
        }
      }
    }
  })
  afterAll(() => rm(folder, { recursive: true }))

  const data = (others: object = {}) => ({
    ...{ source: 'folder' as const, path: join(folder, 'photos'), workers: 0 },
    ...{ imageSize: SIZE, resizeSize: SIZE },
    ...others,
  })

  const brightness = (name: string, others: object = {}): CertificationRunConfigInput => ({
    ...greySettings(join(folder, 'photos')),
    data: data(),
    certification: { n0: 16, n: 200, batch: 64, images: { overClasses: 4 } },
    output: join(folder, name),
    ...others,
  })

  const run = (name: string, others: Partial<RunConfigInput> = {}): RunConfigInput => ({
    smoothing: {
      sigma: 0.25,
      denoiser: {
        source: 'diffusers',
        unet: smallUnet({ imageSize: SIZE, width: 8 }),
        scheduler: { ...SHORT_SCHEDULE },
      },
    },
    classifier: transformer(SIZE),
    data: data(),
    method: { kind: 'ft-cadis', noises: 2, lambda: 1, attack: { steps: 1, epsilon: 0.25 } },
    optimisation: {
      ...{ epochs: 1, imagesPerUpdate: 8, warmupEpochs: 0, learningRate: 1e-3 },
      weightDecay: { start: 0, end: 0 },
    },
    certification: { n0: 16, n: 100, batch: 64 },
    output: join(folder, name),
    device: 'cpu',
    ...others,
  })

  describe('in a session', () => {
    let session: Session
    beforeAll(async () => {
      session = await connectForTest()
    })
    afterAll(() => session.close())

    async function trained(
      config: Parameters<typeof finetune>[1],
      hooks: Parameters<typeof finetune>[2] = {},
    ) {
      const result = await finetune(session, config, { progress: false, eventFiles: false, ...hooks })
      session.free([result.networks, result.smoothing])
    }

    it(
      'are trained on, certified, predicted and exported at their size',
      async () => {
        const preset = presets.denoiser.diffusion({
          ...{ data: join(folder, 'photos'), imageSize: SIZE, output: join(folder, 'denoiser') },
        })
        const optimisation = { ...preset.optimisation, epochs: 1, warmupEpochs: 0, imagesPerUpdate: 8 }
        await trained({ ...preset, optimisation, device: 'cpu' })
        const path = join(folder, 'denoiser', 'checkpoints', 'epoch-01', 'denoiser')
        const config = parseConfig(
          run('trained', { smoothing: { sigma: 0.25, denoiser: { source: 'diffusers', path } } }),
        )
        expect((await dryRun(session, config)).problems).toEqual([])
        const { networks, smoothing } = await finetune(session, config, {
          progress: false,
          eventFiles: false,
        })
        session.free([networks, smoothing])
        const output = join(folder, 'trained', 'checkpoints', 'epoch-01')
        const log = await certify(session, output)
        expect(log.metadata?.configuration).toMatchObject({
          data: { imageShape: [3, ...SIZE], imageSize: SIZE, resizeSize: SIZE },
        })
        expect(log.rows).toHaveLength(8)
        const [first = ''] = files
        const [predicted] = await predict(session, output, { files: [first] })
        const loaded = await loadSmoothed(session, output)
        const { file: _, ...expected } = predicted ?? {}
        expect(await loaded.predict(await readFile(first))).toMatchObject(expected)
        loaded.free()
        const merged = join(folder, 'merged')
        const exported = await runProgram('src/cli/main.ts', 'export', output, '--merge', merged)
        expect(exported.exitCode).toBe(0)
        expect(exported.stdout).toContain('torch.rand(1, 3, 24, 32)')
        expect(await readFile(join(merged, 'README.md'), 'utf8')).toContain('3 × 24 × 32')
      },
      TIMEOUT_MS,
    )

    it('certify, predict and attack to the size that is asked for, whatever the files have', async () => {
      const config = brightness('bright')
      const log = await certify(session, config)
      expect(log.rows.map(({ index }) => index)).toEqual([0, 3, 4, 7])
      const predictions = await predict(session, config, { files })
      expect(predictions.map(({ className }) => className)).toEqual([
        ...Array(4).fill('dark'),
        ...Array(4).fill('light'),
      ])
      const { gaps } = await attack(session, config, {
        starts: 1,
        steps: 4,
        noises: 8,
        rounds: 4,
        votes: 200,
      })
      expect(gaps).toHaveLength(4)
      for (const { attacked = Number.POSITIVE_INFINITY, certified = 0 } of gaps) {
        expect(attacked).toBeGreaterThan(certified)
      }
    })

    it('are made up to measure with, and resized in front of the classifier', async () => {
      const real = parseConfig(
        run('synthetic', {
          classifier: {
            ...{ source: 'timm', name: 'resnet10t', pretrained: false, numClasses: 2, resize: [32, 48] },
          },
        }),
      )
      const config = syntheticRun(real, { imageSize: SIZE, classes: 2, trainImages: 8, testImages: 8 })
      await trained(config, { stopAfterUpdates: 1, updatesOnly: true })
    })

    it.each<[string, Record<string, object>, RegExp]>([
      [
        'a classifier of timm that is for others',
        { classifier: transformer([32, 32]) },
        /The classifier takes images of 32 pixels in height, and gets 24\. Set classifier\.resize to 32 for a square, or \[32, width\]/,
      ],
      [
        'a classifier of transformers that is for others',
        {
          classifier: {
            source: 'transformers',
            numClasses: 2,
            config: { model_type: 'vit', image_size: [16, 32], patch_size: 8, num_hidden_layers: 1 },
          },
        },
        /The classifier takes images of 16 × 32 pixels \(height × width\), and gets 24 × 32 pixels \(height × width\)\. Set classifier\.resize to \[16,32\]/,
      ],
      [
        'a LeNet',
        { classifier: { source: 'lenet', numClasses: 2 }, data: { channels: 1 }, smoothing: PLAIN },
        /The classifier takes images of 28 pixels a side, and gets 24 × 32 pixels/,
      ],
      [
        'a denoiser that halves them more often than it can',
        { data: { imageSize: [26, 32], resizeSize: [26, 32] } },
        /The denoiser takes images of a height and width that are multiples of 4, and gets 26 × 32 .* Set data\.imageSize to \[28,32\]/,
      ],
    ])('are refused by name by %s', async (_what, { data: changes = {}, ...others }, message) => {
      const { problems } = await dryRun(
        session,
        parseConfig(run('refused', { ...others, data: data(changes) })),
      )
      expect(problems).toContainEqual(expect.stringMatching(message))
    })
  })

  it('are answered by the service, with pictures', async () => {
    const service = await serve(brightness('served'), { device: 'cpu', threads: 1 })
    try {
      const image = await readFile(files[4] ?? '')
      const headers = { 'content-type': 'application/octet-stream' }
      expect(await ask(service.url, image, { headers })).toMatchObject({
        status: 200,
        body: { className: 'light' },
      })
      const pictures = await fetch(`${service.url}/pictures`, {
        ...{ method: 'POST', body: new Uint8Array(image), headers },
      })
      expect(pictures.status).toBe(200)
    } finally {
      await service.close()
    }
  })

  it('have a size of whole numbers, no larger than what they are cut from; a square is a number', () => {
    const parsed = (changes: object) => parseConfig(run('parsed', { data: data(changes) })).data
    expect(parsed({ imageSize: [24, 24], resizeSize: [32, 32] })).toMatchObject({
      ...{ imageSize: 24, resizeSize: 32 },
    })
    expect(parsed({ resizeSize: 32 })).toMatchObject({ imageSize: SIZE, resizeSize: 32 })
    expect(() => parsed({ resizeSize: 24 })).toThrow(/data\.resizeSize: expected at least imageSize/)
    expect(() => parsed({ resizeSize: [32, 24] })).toThrow(/data\.resizeSize: expected at least imageSize/)
    for (const [imageSize, message] of [
      [[24], /data\.imageSize: expected/],
      [[24, 0], /data\.imageSize\.1: expected more than 0, got 0/],
      [[24, 32, 3], /data\.imageSize: expected/],
      ['24x32', /data\.imageSize: expected a number or an array, got "24x32"/],
    ] as const) {
      expect(() => parsed({ imageSize })).toThrow(message)
    }
  })
})
