import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeRandomImages } from '../../bench/baselines/random-images'
import { TABLE1_PRESETS } from '../../src/config/table1'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { readCertificationLog } from '../../src/logs/certification-log-file'
import { launch } from '../support/launched'
import { checkpointBytes, reproducibleRows } from '../support/run-files'
import { TYPESCRIPT } from '../support/typescript'

/** `FT_CADIS_TABLE1` names the presets, with commas between, or is `all`: `npm run test:slow` takes all. */
const ASKED = process.env.FT_CADIS_TABLE1 ?? ''
const NAMES = TABLE1_PRESETS.filter(({ scales }) => scales.includes('mnist'))
  .map(({ name }) => name.replace('table1.', ''))
  .filter(name => ASKED === 'all' || ASKED.split(',').includes(name))

/** CAT-RS has settings for this one alone. */
const SIGMA = '0.25'
const TRAIN_IMAGES = 480
/** Two epochs. */
const STEPS = 30
const KILLED_AFTER = 7

/** What makes a part of a method work that its preset defers beyond these epochs. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  macer: ['--set', 'method.robustnessFromEpoch=1'],
}

describe.runIf(NAMES.length > 0)('a preset of Table 1 on the command line', () => {
  let folder: string
  let data: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-table1-'))
    data = folder
    await writeRandomImages(data, { train: TRAIN_IMAGES, test: 20 })
  })
  afterAll(() => rm(folder, { recursive: true }))

  const inFolder = (...names: string[]) => join(folder, ...names)

  /** Updates of 32 images in two micro-batches, a checkpoint after every fifth. */
  function trainWords(name: string, output: string, more: readonly string[] = []): readonly string[] {
    return [
      ...['train', '--preset', `table1.${name}`, '--scale', 'mnist', '--sigma', SIGMA, '--data', data],
      ...[
        '--set',
        'data.hashes="any"',
        '--set',
        'optimisation.epochs=2',
        '--set',
        'checkpoints.everyUpdates=5',
      ],
      ...['--images-per-update', '32', '--images-per-micro-batch', '16', '--evaluate-images', '10'],
      ...['--device', 'cpu', '--threads', '1', '--output', output],
      ...(SETTINGS[name] ?? []),
      ...(name === 'cat-rs' ? ['--set', `method.predictions=${inFolder('soft-labels.jsonl')}`] : []),
      ...more,
    ]
  }

  function start(words: readonly string[]) {
    return execa(process.execPath, [...TYPESCRIPT, join('src', 'cli', 'main.ts'), ...words], {
      ...{ cwd: PACKAGE_FOLDER, reject: false, all: true, stdin: 'ignore' },
    })
  }

  async function run(words: readonly string[]): Promise<void> {
    const { exitCode, all } = await start(words)
    expect({ exitCode, all }).toMatchObject({ exitCode: 0 })
  }

  /** Trains, and is killed when some updates after a checkpoint are done. */
  async function killedRun(words: readonly string[], output: string): Promise<void> {
    const child = start(words)
    let ended = false
    void child.finally(() => {
      ended = true
    })
    const rows = () => readFile(join(output, 'metrics.jsonl'), 'utf8').catch(() => '')
    while (!ended && (await rows()).split('\n').length - 1 < KILLED_AFTER) await sleep(5)
    child.kill('SIGKILL')
    const { signal, all } = await child
    expect({ signal, all }).toMatchObject({ signal: 'SIGKILL' })
  }

  it('is tried for every method', () => {
    if (ASKED !== 'all') return
    expect(NAMES).toHaveLength(9)
  })

  it.each(NAMES)(
    '%s is the same, bit for bit, when it is killed and resumed, runs on two ranks, and is certified',
    async name => {
      if (name === 'cat-rs') {
        const teacher = inFolder('teacher')
        await run(trainWords('gaussian', teacher))
        await run(['soft-labels', teacher, '--output', inFolder('soft-labels.jsonl'), '--n', '4'])
      }
      const [whole, killed, two] = ['whole', 'killed', 'two'].map(each => inFolder(name, each)) as [
        string,
        string,
        string,
      ]
      await run(trainWords(name, whole))
      await killedRun(trainWords(name, killed), killed)
      expect((await readdir(join(killed, 'checkpoints'))).length).toBeGreaterThan(0)
      await run(trainWords(name, killed, ['--resume']))
      const rows = await reproducibleRows(whole)
      expect(rows.filter(row => 'loss' in row)).toHaveLength(STEPS)
      expect(await reproducibleRows(killed)).toEqual(rows)
      expect(await checkpointBytes(killed, 'epoch-02')).toEqual(await checkpointBytes(whole, 'epoch-02'))

      const launched = launch(['--nproc-per-node', '2', '--', ...trainWords(name, two, ['--steps', '4'])])
      const { exitCode, printed } = await launched.ended
      expect({ exitCode, printed }).toMatchObject({ exitCode: 0 })
      const losses = (of: readonly object[]) =>
        of.flatMap(row => ('loss' in row && typeof row.loss === 'number' ? [row.loss] : [])).slice(0, 4)
      const ofTwo = losses(await reproducibleRows(two))
      expect(ofTwo).toHaveLength(4)
      for (const [update, loss] of losses(rows).entries()) expect(ofTwo[update]).toBeCloseTo(loss, 4)

      const log = inFolder(name, 'certify.tsv')
      await run([
        ...['certify', whole, '--images', 'first:2', '--n0', '10', '--n', '50', '--device', 'cpu'],
        ...['--output', log],
      ])
      expect((await readCertificationLog(log)).rows).toHaveLength(2)
    },
  )
})
