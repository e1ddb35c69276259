import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TABLE1_PRESETS } from '../../src/config/table1'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { runProgram } from '../support/run-example'
import { reproducibleRows } from '../support/run-files'

/** `FT_CADIS_TABLE1` names the presets, with commas between, or is `all`: `npm run test:slow` takes all. */
const ASKED = process.env.FT_CADIS_TABLE1 ?? ''

const SIGMA = '0.25'
const CHANCE = 0.1

/** A small network with batch normalisation, for the digits. */
const network = (classes: number) => ({
  source: 'python',
  file: join(__dirname, '..', 'support', 'batch_norm_network.py'),
  factory: 'network',
  arguments: { width: 32, classes },
  inputRange: { mean: [0.3], std: [0.37] },
})

const optimisation = {
  ...{ epochs: 10, imagesPerUpdate: 60, learningRate: 0.02, schedule: { kind: 'steps', everyEpochs: 8 } },
  ...{ weightDecay: { start: 1e-4, end: 1e-4 }, dropLast: true },
}
const denoiser = { source: 'dncnn', depth: 4, width: 16, channels: 1 }
const adamW = { ...optimisation, learningRate: 2e-3 }

interface System {
  /** What is laid over the preset: what it asks for, and the digits in place of its data and network. */
  settings(folder: string): object
  readonly isCertified: boolean
}

const CLEAN = (folder: string) => ({
  ...network(10),
  path: join(folder, 'clean', 'checkpoints', 'epoch-10', 'model.safetensors'),
})

const SYSTEMS: Readonly<Record<string, System>> = {
  'pixel-dp': {
    settings: () => ({ method: { rampRate: 0.9 }, classifier: network(10), optimisation }),
    isCertified: true,
  },
  drt: {
    settings: () => ({
      method: { noises: 1, gradientWeight: 0.05, marginWeight: 0.5 },
      ...{ classifier: network(10), optimisation },
    }),
    isCertified: true,
  },
  'aces-selector': {
    settings: folder => ({
      method: { threshold: 0.95, predictions: join(folder, 'soft-labels.jsonl') },
      ...{ classifier: network(2), optimisation },
    }),
    isCertified: false,
  },
  ...Object.fromEntries(
    ['denoised', 'denoised-stability', 'score'].map(name => [
      name,
      {
        settings: (folder: string) => ({
          ...{ classifier: CLEAN(folder), optimisation: adamW },
          smoothing: { denoiser },
        }),
        isCertified: true,
      },
    ]),
  ),
}

const NAMES = Object.keys(SYSTEMS).filter(name => ASKED === 'all' || ASKED.split(',').includes(name))

describe.runIf(NAMES.length > 0)('a system of Table 1 on the command line, on digits', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-systems-'))
    if (NAMES.some(name => /^(denoised|score)/.test(name))) {
      const clean = {
        method: { kind: 'cross-entropy', images: 'clean' },
        classifier: network(10),
        optimisation,
      }
      await train('clean', 'gaussian', clean)
    }
    if (!NAMES.includes('aces-selector')) return
    await train('certified', 'gaussian', { classifier: network(10), optimisation })
    const softLabels = join(folder, 'soft-labels.jsonl')
    await run('soft-labels', join(folder, 'certified'), '--output', softLabels, '--n', '40', '--batch', '400')
  })
  afterAll(() => rm(folder, { recursive: true }))

  async function run(...words: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runProgram('src/cli/main.ts', ...words)
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    return stdout
  }

  async function train(output: string, preset: string, settings: object): Promise<void> {
    const file = join(folder, `${output}.json`)
    await writeFile(file, JSON.stringify({ data: { source: 'digits' }, ...settings }))
    await run(
      ...['train', '--preset', `table1.${preset}`, '--scale', 'cifar10', '--sigma', SIGMA, '--config', file],
      ...['--evaluate-images', '60', '--device', 'cpu', '--threads', '1', '--output', join(folder, output)],
    )
  }

  it('is tried for every system', () => {
    const tried = TABLE1_PRESETS.filter(({ scales }) => !scales.includes('mnist')).map(({ name }) => name)
    // Those with another run of the same method elsewhere.
    expect(tried.filter(name => !/-rerun$/.test(name))).toEqual(
      Object.keys(SYSTEMS).map(name => `table1.${name}`),
    )
  })

  it.each(NAMES)('%s learns', async name => {
    const system = SYSTEMS[name]
    await train(name, name, system?.settings(folder) ?? {})
    const losses = (await reproducibleRows(join(folder, name))).flatMap(row =>
      'loss' in row && typeof row.loss === 'number' ? [row.loss] : [],
    )
    const mean = (of: readonly number[]) => of.reduce((total, loss) => total + loss, 0) / of.length
    // PixelDP begins nearly without noise.
    if (name !== 'pixel-dp') expect(mean(losses.slice(-20))).toBeLessThan(mean(losses.slice(0, 20)))
    if (system?.isCertified !== true) return
    const log = join(folder, name, 'log.tsv')
    await run(
      ...[
        'certify',
        join(folder, name),
        '--images',
        'every:20',
        '--n0',
        '20',
        '--n',
        '200',
        '--batch',
        '220',
      ],
      ...['--device', 'cpu', '--output', log],
    )
    const { rows } = await readCertificationLog(log)
    expect(rows.length).toBeGreaterThan(25)
    expect(rows.filter(({ correct }) => correct).length / rows.length).toBeGreaterThan(3 * CHANCE)
  })
})
