import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { finetune, presets, type RunConfig, torch } from '../../../src'
import { parseUnknownConfig } from '../../../src/config/schema'
import { toSymmetric } from '../../../src/smoothing/denoise'
import { CLASSIFIER, connectForTest, DENOISER } from '../../support/digits'
import { runProgram, runSupportScript } from '../../support/run-example'
import { readTensors } from '../../support/run-files'

type Logits = number[][]

/** A small network for members that begin with weights of their own. */
const BATCH_NORM = {
  source: 'python',
  file: join(__dirname, '..', '..', 'support', 'batch_norm_network.py'),
  inputRange: 'symmetric',
}

vi.setConfig({ testTimeout: 120_000 })

describe('export', () => {
  let folder: string
  let images: unknown
  let logits: Logits

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-export-'))
    const session = await connectForTest()
    try {
      const run = (output: string, tuning: RunConfig['tuning'], changes: object = {}) => {
        const config = presets.digits({
          denoiser: DENOISER,
          classifier: CLASSIFIER,
          output: join(folder, output),
        })
        const optimisation = { ...config.optimisation, warmupEpochs: 0 }
        return finetune(session, parseUnknownConfig({ ...config, tuning, optimisation, ...changes }), {
          ...{ stopAfterUpdates: 4, evaluationImages: 4 },
        })
      }
      await run('full', { kind: 'full' })
      const method = { kind: 'diverse-ensemble', members: 2, gradientWeight: 0.5, marginWeight: 0.5 }
      await run('members', { kind: 'full' }, { method, classifier: { ...BATCH_NORM, factory: 'network' } })
      await run('lora-members', { kind: 'lora', rank: 2, alpha: 4 }, { method })
      await run(
        'denoiser',
        { kind: 'full' },
        {
          method: { kind: 'denoiser' },
          smoothing: { sigma: 0.25, denoiser: { source: 'dncnn', depth: 3, width: 4, channels: 1 } },
        },
      )
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

  it('writes each of the members that were trained together', async () => {
    const [merged, adapter] = ['merged-members', 'adapter-members'].map(name => join(folder, name)) as [
      string,
      string,
    ]
    const { exitCode, stdout, stderr } = await runProgram(
      'src/cli/main.ts',
      ...['export', join(folder, 'lora-members'), '--merge', merged, '--adapter', adapter],
    )
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain(`merged network written to ${join(merged, '1')}`)
    expect((await readdir(merged)).sort()).toEqual(['0', '1'])
    expect((await readdir(adapter)).sort()).toEqual(['0', '1'])
    const [first, second] = await Promise.all(
      ['0', '1'].map(member => readTensors(join(merged, member, 'model.safetensors'))),
    )
    const valuesOf = (tensors: typeof first) => [...(tensors?.values() ?? [])].map(values => [...values])
    expect([...(second?.keys() ?? [])]).toEqual([...(first?.keys() ?? [])])
    expect(valuesOf(second)).not.toEqual(valuesOf(first))
  })

  it.each([
    [['lora'], 2, /give --merge or --adapter/],
    [['full', '--merge', 'x'], 1, /has no adapters: the whole network was trained/],
    [
      ['members', '--merge', 'x'],
      1,
      /whole networks were trained. Use its members as they are.*step-000004.members.0, .*members.1/s,
    ],
    [
      ['denoiser', '--merge', 'x'],
      1,
      /a denoiser was trained. Use it as it is: set smoothing.denoiser.path to .*step-000004.denoiser/,
    ],
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
