import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { runProgram, runSupportScript } from '../support/run-example'

const TIMEOUT_MS = 300_000
const DENOISER_FIXTURE = join(PACKAGE_FOLDER, 'test', 'fixtures', 'unet', 'improved_cifar_tiny.pt')
const ARGUMENTS = JSON.stringify({
  num_channels: 32,
  num_res_blocks: 1,
  attention_resolutions: '16',
  channel_mult: '1,1',
})

describe('finetune-cifar10', () => {
  let folder: string
  let denoiser: string
  let words: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-cifar10-'))
    // A copy, for the converted weights are kept beside the file.
    denoiser = join(folder, 'denoiser.pt')
    await copyFile(DENOISER_FIXTURE, denoiser)
    await runSupportScript('tiny_cifar10.py', folder)
    words = [
      ...['--data', folder, '--denoiser', denoiser, '--denoiser-arguments', ARGUMENTS],
      ...['--classifier', join(folder, 'vit'), '--sigma', '0.25', '--device', 'cpu', '--threads', '1'],
      ...['--images-per-update', '8', '--images-per-micro-batch', '4'],
    ]
  })
  afterAll(() => rm(folder, { recursive: true }))

  const example = (...more: string[]) => runProgram('examples/finetune-cifar10.ts', ...words, ...more)

  it(
    'trains, evaluates each epoch, saves and certifies on files in the published formats',
    async () => {
      const output = join(folder, 'run')
      const { exitCode, stdout, stderr } = await example(
        ...['--output', output, '--steps', '6', '--mask', 'all'],
        ...['--certify-images', 'random:3', '--n0', '16', '--n', '64'],
      )
      expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
      expect(stdout).toContain(`configuration: ${join(output, 'config.json')}`)
      expect(stdout).toMatch(/noise level: sigma 0.25, timestep t\* 1158, realised sigma 0.25\d+/)
      expect(stdout).toContain('updates: 6 (2 epochs, 5 an epoch)')
      expect(stderr).toMatch(/^epoch 1\/2: noisy accuracy .*\n(.*\n)*epoch 2\/2: noisy accuracy/m)
      expect(stdout).toContain('ACR')
      expect(await readdir(join(output, 'checkpoints'))).toEqual(['epoch-01', 'step-000006'])
      expect(await readdir(join(output, 'checkpoints', 'step-000006'))).toContain('model.safetensors')

      const rows = (await readFile(join(output, 'metrics.jsonl'), 'utf8')).trim().split('\n')
      const parsed = rows.map(row => JSON.parse(row))
      expect(parsed.map(({ kind }) => kind).join(' ')).toBe(
        'update update update update update epoch update epoch',
      )
      expect(parsed[5]).toMatchObject({ epoch: 1, skippedImages: 0, skippedPaths: [] })
      expect(parsed[0].attackedShare).toBe(1)

      const { weights } = JSON.parse(await readFile(join(output, 'config.json'), 'utf8'))
      expect(weights.denoiser).toMatchObject({ source: 'openai', path: denoiser })
      expect(weights.denoiser.sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(weights.classifier).toMatchObject({ source: 'transformers', published: null })
      expect(weights.classifier.sha256['model.safetensors']).toMatch(/^[0-9a-f]{64}$/)

      const log = (await readFile(join(output, 'certify-sigma-0.25.tsv'), 'utf8')).trim().split('\n')
      expect(log).toHaveLength(1 + 3)

      // The command continues with the log of the example.
      const certify = ['certify', output, '--images', 'all', '--device', 'cpu', '--threads', '1']
      const further = await runProgram('src/cli/main.ts', ...certify)
      expect(further.exitCode, further.stderr).toBe(0)
      const all = (await readFile(join(output, 'certify-sigma-0.25.tsv'), 'utf8')).trim().split('\n')
      expect(all.slice(0, 4)).toEqual(log)
      expect(all).toHaveLength(1 + 8)
    },
    TIMEOUT_MS,
  )

  it(
    'plans without training in a dry run',
    async () => {
      const output = join(folder, 'planned')
      const { exitCode, stdout, stderr } = await example('--output', output, '--dry-run')
      expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
      expect(stdout).toMatch(/^noise level: [^{]*Nothing stands in the way\.\nconfiguration: \{\n/)
      expect(stdout).toContain('data: 40 images for training, 8 for testing, 10 classes')
      expect(stdout).toContain('updates: 100 (20 epochs, 5 an epoch)')
      // 800 images, M = 4, T = 4.
      expect(stdout).toContain('denoiser: 3,200 images forward')
      expect(stdout).toContain('classifier: 3,200 to 19,200 images forward, 3,200 to 19,200 backward')
      expect(stdout).toContain('evaluation of 8 images after each epoch:\n  denoiser: 160 images forward')
      expect(stdout).toContain('certification of 8 images:\n  denoiser: 800,800 images forward')
      expect(stdout).toMatch(/memory on the device, estimated: weights [\d.]+ MB/)
      expect(stdout).toContain('Nothing stands in the way.')
      expect(await readdir(folder)).not.toContain('planned')
    },
    TIMEOUT_MS,
  )

  it(
    'lists every problem of a dry run and ends with exit code 1',
    async () => {
      const output = join(folder, 'taken')
      await mkdir(output)
      await writeFile(join(output, 'config.json'), '{}')
      const page = join(folder, 'page.pt')
      await writeFile(page, '<!DOCTYPE html><p>404</p>')
      const { exitCode, stdout } = await example(
        ...['--output', output, '--dry-run', '--denoiser', page, '--data', join(folder, 'nowhere')],
      )
      expect(exitCode).toBe(1)
      expect(stdout).toMatch(/3 problems:[^{]*$/)
      expect(stdout).toContain('is a web page, no weight file')
      expect(stdout).toMatch(/No CIFAR-10 at .*nowhere/)
      expect(stdout).toContain('already holds a run (config.json)')
    },
    TIMEOUT_MS,
  )

  it(
    'asks for data, and for the values that another sigma leaves open',
    async () => {
      const without = await runProgram('examples/finetune-cifar10.ts')
      expect(without.exitCode).toBe(1)
      expect(without.stderr).toContain('is missing data')
      const open = await example('--sigma', '0.3')
      expect(open.exitCode).toBe(1)
      expect(open.stderr).toContain('expected values for baseLearningRate, lambda, epsilon')
    },
    TIMEOUT_MS,
  )
})
