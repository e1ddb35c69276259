import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { finetune, presets, type RunConfig, torch } from '../../../src'
import { toSymmetric } from '../../../src/smoothing/denoise'
import { CLASSIFIER, connectForTest, DENOISER } from '../../support/digits'
import { runProgram, runSupportScript } from '../../support/run-example'

type Logits = number[][]

vi.setConfig({ testTimeout: 120_000 })

describe('export', () => {
  let folder: string
  let images: unknown
  let logits: Logits

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-export-'))
    const session = await connectForTest()
    try {
      const run = (output: string, tuning: RunConfig['tuning']) => {
        const config = presets.digits({
          denoiser: DENOISER,
          classifier: CLASSIFIER,
          output: join(folder, output),
        })
        const optimisation = { ...config.optimisation, warmupEpochs: 0 }
        return finetune(
          session,
          { ...config, tuning, optimisation },
          { stopAfterUpdates: 4, evaluationImages: 4 },
        )
      }
      await run('full', { kind: 'full' })
      const {
        networks: { classifier },
      } = await run('lora', { kind: 'lora', rank: 4, alpha: 8 })
      const testSet = await torch.openDataset(session, { source: 'digits', split: 'test' })
      const read = await session.compute(() => {
        const images_NCHW = torch.flatten(toSymmetric(testSet.images([0, 1, 2, 3]).images_BCHW), 'B', 'N')
        return {
          images: images_NCHW,
          logits: torch.noGrad(session, () => classifier.classify(images_NCHW)),
        }
      })
      images = read.images
      logits = read.logits
    } finally {
      await session.close()
    }
  })
  afterAll(() => rm(folder, { recursive: true }))

  const difference = (one: Logits, other: Logits) =>
    Math.max(
      ...one.flatMap((row, image) =>
        row.map((value, label) => Math.abs(value - (other[image]?.[label] ?? NaN))),
      ),
    )

  it('writes adapters for plain peft and merged weights for plain timm, with equal outputs', async () => {
    const [merged, adapter, pixels] = ['merged', 'adapter', 'images.json'].map(name =>
      join(folder, name),
    ) as [string, string, string]
    const { exitCode, stdout, stderr } = await runProgram(
      'src/cli/main.ts',
      ...['export', join(folder, 'lora'), '--merge', merged, '--adapter', adapter],
    )
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain(`merged network written to ${merged}`)
    await writeFile(pixels, JSON.stringify(images))
    const outputs = JSON.parse(
      await runSupportScript('exported_outputs.py', CLASSIFIER, merged, adapter, pixels),
    ) as Record<'off_the_shelf' | 'merged' | 'adapter', Logits>
    expect(difference(outputs.off_the_shelf, logits)).toBeGreaterThan(0.01)
    expect(difference(outputs.merged, logits)).toBeLessThan(1e-4)
    expect(difference(outputs.adapter, logits)).toBeLessThan(1e-4)
  })

  it('takes the folder of a checkpoint too', async () => {
    const output = join(folder, 'merged-of-checkpoint')
    const { exitCode, stdout } = await runProgram(
      'src/cli/main.ts',
      ...['export', join(folder, 'lora', 'checkpoints', 'step-000004'), '--merge', output],
    )
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/step-000004: merged network/),
    })
  })

  it.each([
    [['lora'], 2, /give --merge or --adapter/],
    [['full', '--merge', 'x'], 1, /has no adapters: the whole network was trained/],
    [['nowhere', '--merge', 'x'], 1, /There is no folder .*nowhere/],
    [
      ['.', '--merge', 'x'],
      1,
      / is no run and no checkpoint of one: there is no .*config\.json\. Give the folder of a run/,
    ],
  ])('refuses %j', async ([name = '', ...options], code, message) => {
    const { exitCode, stderr } = await runProgram('src/cli/main.ts', 'export', join(folder, name), ...options)
    expect(exitCode).toBe(code)
    expect(stderr).toMatch(message)
  })
})
