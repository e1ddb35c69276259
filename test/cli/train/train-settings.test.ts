import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, presets } from '../../../src'
import { createProgram } from '../../../src/cli/program'
import {
  addCertifyOptions,
  addPresetOptions,
  addTrainOptions,
  type TrainOptions,
} from '../../../src/cli/train/options'
import { trainSettings } from '../../../src/cli/train/train-settings'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-train-settings-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The settings of a command line. */
function settings(...words: string[]) {
  const program = createProgram('train', 'Trains.')
    .option('--preset <name>')
    .option('--config <file>')
    .option('--scale <name>')
    .configureOutput({ writeErr: () => undefined })
  addPresetOptions(addTrainOptions(program))
  return trainSettings(addCertifyOptions(program).parse(words, { from: 'user' }).opts<TrainOptions>())
}

async function file(content: unknown): Promise<string> {
  const path = join(folder, `${Math.random()}.json`)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('the configuration of a training', () => {
  it('is that of the preset, with a folder by preset and σ', async () => {
    const { config, preset } = await settings('--preset', 'digits', '--sigma', '0.5')
    expect(config).toEqual(presets.digits({ sigma: 0.5, output: join('runs', 'digits-0.5') }))
    expect(preset?.name).toBe('digits')
    const imagenet = ['--preset', 'imagenet', '--data', 'd', '--denoiser', 'n']
    expect((await settings(...imagenet)).config.output).toBe(join('runs', 'imagenet.lora-0.5'))
    expect((await settings(...imagenet, '--tuning', 'full')).config).toEqual(
      presets.imagenet({
        ...{ sigma: 0.5, tuning: 'full', data: 'd', denoiser: 'n' },
        output: join('runs', 'imagenet.full-0.5'),
      }),
    )
  })

  it('puts options over --set, that over --config, and that over the preset', async () => {
    const config = await file({
      method: { lambda: 3, noises: 2 },
      seed: 5,
      certification: { n: 300, n0: 30 },
      optimisation: { epochs: 4 },
    })
    const words = ['--preset', 'digits', '--config', config, '--set', 'method.lambda=7', '--set', 'seed=6']
    const { method, seed, certification, optimisation } = (await settings(...words, '--n', '400')).config
    expect(method).toMatchObject({ lambda: 7, noises: 2, attack: { steps: 2 } })
    expect({ seed, certification, optimisation }).toMatchObject({
      seed: 6,
      certification: { n: 400, n0: 30 },
      optimisation: { epochs: 4, imagesPerUpdate: 64 },
    })
    expect((await settings(...words, '--seed', '8')).config.seed).toBe(8)
  })

  it('may be a file alone, with comments and what editors read', async () => {
    const whole = presets.digits({ sigma: 0.5, output: join(folder, 'run') })
    const text = JSON.stringify({ $schema: './run.json', ...whole }, null, 2)
    const path = await file(`// the digits\n${text.replace(/\n}$/, ',\n}')}`)
    expect((await settings('--config', path)).config).toEqual(whole)
    expect((await settings('--config', path, '--sigma', '1')).config.smoothing.sigma).toBe(1)
  })

  it('takes text without quotes, and another kind of section as a whole', async () => {
    const words = ['--preset', 'digits', '--set', 'output=elsewhere']
    expect((await settings(...words)).config.output).toBe('elsewhere')
    const crossEntropy = await settings('--preset', 'digits', '--set', 'method={"kind": "cross-entropy"}')
    expect(crossEntropy.config.method).toEqual({ kind: 'cross-entropy', images: 'smoothed', noises: 1 })
    const { config } = await settings('--preset', 'digits', '--tuning', 'lora', '--denoiser', 'none')
    expect(config).toMatchObject({ tuning: { kind: 'lora' }, smoothing: { denoiser: { source: 'none' } } })
  })

  it('keeps micro-batches no larger than an update that an option makes smaller', async () => {
    const words = ['--preset', 'cifar10', '--data', 'd', '--denoiser', 'n', '--images-per-update', '4']
    expect((await settings(...words)).config.optimisation).toMatchObject({
      imagesPerUpdate: 4,
      imagesPerMicroBatch: 4,
    })
  })

  it('is that of a preset at a scale, with what it asks for from a file, --set or an option', async () => {
    const { config, preset } = await settings(
      ...['--preset', 'table1.macer', '--scale', 'mnist', '--sigma', '1', '--data', 'd'],
    )
    expect(config).toMatchObject({
      output: join('runs', 'table1.macer-mnist-1'),
      data: { source: 'mnist', path: 'd' },
      method: { kind: 'macer', lambda: 6 },
    })
    expect(preset?.images).toMatchObject({ imageSize: 28, channels: 1 })
    const words = ['--preset', 'table1.smooth-adv', '--scale', 'imagenet', '--data', 'd']
    await expect(settings(...words)).rejects.toThrow(
      'not released: give method.rampEpochs and optimisation.imagesPerUpdate.',
    )
    const given = await settings(...words, '--set', 'method.rampEpochs=2', '--images-per-update', '64')
    expect(given.config).toMatchObject({
      method: { rampEpochs: 2 },
      optimisation: { imagesPerUpdate: 64 },
    })
    const path = await file({ method: { rampEpochs: 4 }, optimisation: { imagesPerUpdate: 32 } })
    expect((await settings(...words, '--config', path)).config.method).toMatchObject({ rampEpochs: 4 })
  })

  it('takes from a file or --set the inputs that a preset needs', async () => {
    const words = ['--preset', 'cifar10', '--set', 'data.path=d', '--set', 'smoothing.denoiser.path=n']
    expect((await settings(...words)).config).toMatchObject({
      data: { path: 'd' },
      smoothing: { denoiser: { path: 'n' } },
    })
  })

  it.each<[string, string[]]>([
    ['--image-size', ['--image-size', '48x64']],
    ['--set', ['--set', 'data.imageSize=[48, 64]', '--set', 'data.resizeSize=[48, 64]']],
  ])('takes the size of images that are not square, by %s', async (_option, words) => {
    const { config } = await settings('--preset', 'denoiser.diffusion', '--data', 'd', ...words)
    expect(config).toMatchObject({
      data: { imageSize: [48, 64], resizeSize: [48, 64] },
      smoothing: { denoiser: { unet: { sample_size: [48, 64] } } },
    })
  })

  it.each<[string, string[], RegExp]>([
    [
      'a size that the denoiser of the preset cannot halve',
      ['--preset', 'denoiser.diffusion', '--data', 'd', '--image-size', '44x64'],
      /halves images 3 times, got 44x64 pixels.*such as 48x64/,
    ],
    [
      'a size that is none',
      ['--preset', 'denoiser.diffusion', '--data', 'd', '--set', 'data.imageSize=[48]'],
      /data\.imageSize: expected/,
    ],
    ['nothing to start from', [], /Neither a preset nor a file.*--preset.*--config/],
    ['a preset that is not there', ['--preset', 'digit'], /Unknown preset digit/],
    ['σ beside a preset', ['--preset', 'digits', '--set', 'smoothing.sigma=1'], /Give --sigma instead/],
    ['missing inputs', ['--preset', 'cifar10'], /is missing data\. Give it; .* --data/],
    ['a preset of several scales without one', ['--preset', 'table1.macer'], /got none\. .*--scale/],
    ['a scale that the preset has none of', ['--preset', 'digits', '--scale', 'mnist'], /has one scale/],
    ['an unknown field', ['--preset', 'digits', '--set', 'method.lamda=1'], /method\.lamda: unknown/],
    ['an unknown section', ['--preset', 'digits', '--set', 'methods.lambda=1'], /methods: unknown/],
    [
      'a value of another kind',
      ['--preset', 'digits', '--set', 'seed=one'],
      /seed: expected a number, got "one"/,
    ],
    [
      'a value that the preset does not take',
      ['--preset', 'digits', '--layer-decay', '0.5'],
      /The preset digits does not take --layer-decay\. Give --set optimisation\.layerDecay/,
    ],
    [
      'another tuning than the name says',
      ['--preset', 'imagenet.lora', '--tuning', 'full'],
      /trains by lora, got --tuning full\. Give --preset imagenet\.full/,
    ],
  ])('refuses %s', async (_, words, message) => {
    await expect(settings(...words)).rejects.toThrow(ConfigError)
    await expect(settings(...words)).rejects.toThrow(message)
  })

  it('refuses a value of a preset where none is given', async () => {
    const path = await file(presets.digits({ output: 'out' }))
    await expect(settings('--config', path, '--scale', 'mnist')).rejects.toThrow(/--scale mnist is a choice/)
    await expect(settings('--config', path, '--lambda', '2')).rejects.toThrow(
      /--lambda is a value of a preset, and none is given\. Give --set method\.lambda/,
    )
  })

  it.each([
    ['{ "seed": 1,, }', /is not JSON: property name expected at line 1, column 13/],
    ['{\n  "seed": \n}', /is not JSON: value expected at line 3, column 1/],
    ['[1]', /is not a JSON object/],
    ['', /is not JSON: value expected at line 1, column 1/],
  ])('names the place in a file that is not JSON: %j', async (content, message) => {
    await expect(settings('--config', await file(content))).rejects.toThrow(message)
  })

  it('names a file that is missing', async () => {
    await expect(settings('--config', join(folder, 'none.json'))).rejects.toThrow(/none\.json is missing/)
  })
})
