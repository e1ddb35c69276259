import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type CertificationRunConfigInput,
  ConfigError,
  certificationOf,
  certify,
  presets,
  smoothingOf,
  writeSmoothed,
} from '../../../src'
import { parseImages } from '../../../src/cli/certification-options'
import { smoothedSource } from '../../../src/cli/smoothed-source'
import { defaultLogPath } from '../../../src/internal'
import { readCertificationLog } from '../../../src/logs/certification-log-file'
import { CLASSIFIER, connectForTest, DENOISER } from '../../support/digits'
import { runProgram } from '../../support/run-example'
import { runHere } from '../../support/run-here'
import { casesOf } from '../../support/slow'

/** Several processes, each with a Python, on a machine that may have other work. */
const TIMEOUT_MS = 240_000

let folder: string
let log: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-cli-certify-'))
  log = join(folder, 'certify.tsv')
})
afterEach(() => rm(folder, { recursive: true }))

const run = (...words: string[]) => runHere('certify', ...words)

describe('--classes', () => {
  const settings = (data: object) => ({
    ...{
      smoothing: { sigma: 0.25, denoiser: { source: 'none' } },
      classifier: { source: 'timm', path: 'x' },
    },
    ...{ data, certification: {}, output: 'runs/x' },
  })
  const classesOf = async (classes: string, data: object = { source: 'folder', path: 'photos' }) => {
    const config = join(folder, 'settings.json')
    await writeFile(config, JSON.stringify(settings(data)))
    const source = await smoothedSource(undefined, { config, classes, data: 'others' })
    return source.config.data
  }

  it.each([
    ['numeric', 'numeric'],
    ['text', 'text'],
    ['b, a', ['b', 'a']],
  ])('%s is the order of class folders', async (text, classes) => {
    expect(await classesOf(text)).toMatchObject({ path: 'others', classes })
  })

  it.each([[['b', 'a']], [{ b: 7, a: 3 }]])('may be a file of %j', async classes => {
    const file = join(folder, 'classes.json')
    await writeFile(file, JSON.stringify(classes))
    expect(await classesOf(file)).toMatchObject({ classes })
  })

  it.each([
    ['alphabetical', undefined, /--classes takes numeric, text, names with commas/],
    ['a,,b', undefined, /--classes takes numeric, text, names with commas/],
    ['none.json', undefined, /none\.json is missing/],
    ['numeric', { source: 'imagenet', path: 'x' }, /source imagenet have one order, got --classes numeric/],
  ])('%s of %j is refused', async (text, data, message) => {
    await expect(classesOf(text, data)).rejects.toThrow(ConfigError)
    await expect(classesOf(text, data)).rejects.toThrow(message)
  })

  it('has a mapping checked like that of the settings', async () => {
    const file = join(folder, 'classes.json')
    await writeFile(file, JSON.stringify({ a: -1 }))
    await expect(classesOf(file)).rejects.toThrow(/data\.classes/)
  })
})

it('asks for output in settings only where no log is named', async () => {
  const config = join(folder, 'settings.json')
  const data = { source: 'digits' }
  const smoothing = { sigma: 0.25, denoiser: { source: 'none' } }
  const settings = { smoothing, classifier: { source: 'timm', path: 'x' }, data, certification: {} }
  await writeFile(config, JSON.stringify(settings))
  await expect(smoothedSource(undefined, { config })).rejects.toThrow(/output: expected/)
  const named = await smoothedSource(undefined, { config, output: 'logs/a.tsv' })
  expect(named.config.output).toBe('logs')
})

describe('certify', () => {
  const images = { first: 8 }
  const options = { n0: 16, n: 400, sigma: 0.25, seed: 3, threads: 1, device: 'cpu' }

  /** Runs the command until the log has grown by a row, then sends it a signal. Resolves when it has ended. */
  async function interrupt(signal: 'SIGINT' | 'SIGKILL'): Promise<{ exitCode?: number; stderr: string }> {
    const rowsNow = async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').length
    const before = Math.max(2, await rowsNow())
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    const child = runProgram(
      'src/cli/main.ts',
      ...['certify', '--preset', 'digits', '--images', 'first:8', '--output', log, ...words],
    )
    while ((await rowsNow()) <= before && child.exitCode === null) await sleep(10)
    child.kill(signal)
    const { exitCode, stderr } = await child
    return { stderr, ...(exitCode !== undefined && { exitCode }) }
  }

  it('is killed, interrupted, and continues to the rows of a run without either', async () => {
    await interrupt('SIGKILL')
    expect(await readdir(folder)).toContain('certify.tsv.lock')
    const afterKill = await readCertificationLog(log)

    const { exitCode, stderr } = await interrupt('SIGINT')
    expect(exitCode).toBe(130)
    expect(stderr).toMatch(
      /SIGINT: the images in work are dropped.*\n(.*\n)*Stopped with \d of 8 images certified\./,
    )
    expect(await readdir(folder)).toEqual(['certify.tsv', 'certify.tsv.json'])
    const afterInterrupt = await readCertificationLog(log)
    expect(afterInterrupt.partial).toBeUndefined()
    expect(afterInterrupt.rows.length).toBeGreaterThan(afterKill.rows.length)
    expect(afterInterrupt.rows.length).toBeLessThan(8)

    await using session = await connectForTest()
    const source = await smoothedSource(undefined, { preset: 'digits', ...options }, { images })
    const resumed = await certify(session, source, { log })
    // The command measures the classifier before it begins a log.
    const reference = await certify(session, source, { log: join(folder, 'reference.tsv'), sanity: true })
    const withoutTimes = ({ rows }: typeof resumed) => rows.map(({ durationMs: _, ...row }) => row)
    expect(withoutTimes(resumed)).toEqual(withoutTimes(reference))
    expect(resumed.metadata).toEqual(reference.metadata)
  }, 180_000)

  it.each(
    casesOf<[string, readonly string[]]>(
      [
        [
          'a cascade of an ensemble',
          ['--cascade', '0.75,0.25', '--classifier', CLASSIFIER, '--classifier', CLASSIFIER],
        ],
      ],
      [
        ['ACES', ['--aces', '0.5', '--sigma', '0.25', '--core', CLASSIFIER]],
        ['a cascade', ['--cascade', '0.75,0.25']],
        ['PixelDP', ['--pixel-dp', '--sigma', '0.25']],
      ],
    ),
  )(
    'is killed, and continues to the rows of a script: %s',
    async (_what, words) => {
      const all = ['certify', '--preset', 'digits', '--images', 'first:4', '--n0', '16', '--n', '300']
      const shared = ['--seed', '3', '--threads', '1', '--device', 'cpu', '--output', log]
      const start = () => runProgram('src/cli/main.ts', ...all, ...shared, ...words)
      const killed = start()
      const lines = async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').length
      while ((await lines()) <= 2 && killed.exitCode === null) await sleep(10)
      killed.kill('SIGKILL')
      await killed
      const { exitCode, stderr } = await start()
      expect(exitCode, stderr).toBe(0)
      const { rows, metadata } = await readCertificationLog(log)

      const [, sigma = 0.75] = words.includes('--sigma') ? [0, 0.25] : []
      const [procedure, root] = words.includes('--aces')
        ? [
            { kind: 'aces', threshold: 0.5 },
            { aces: { core: { classifier: { source: 'timm', path: CLASSIFIER } } } },
          ]
        : words.includes('--pixel-dp')
          ? [{ kind: 'pixel-dp' }, {}]
          : [
              { kind: 'cascade', sigmas: [0.75, 0.25] },
              words.includes('--classifier') ? { ensemble: { others: [{ path: CLASSIFIER }] } } : {},
            ]
      const { config } = await smoothedSource(undefined, { preset: 'digits', sigma, n0: 16, n: 300, seed: 3 })
      await using session = await connectForTest()
      const certification = { ...config.certification, images: { first: 4 }, procedure }
      const byScript = { ...config, ...root, certification } as CertificationRunConfigInput
      const reference = await certify(session, byScript, { log: join(folder, 'reference.tsv') })
      const withoutTimes = (list: typeof rows) => list.map(({ durationMs: _, ...row }) => row)
      expect(withoutTimes(rows)).toEqual(withoutTimes(reference.rows))
      expect(metadata?.configuration.procedure).toMatchObject(procedure)
    },
    TIMEOUT_MS,
  )

  it(
    'is shared by launched processes, which leave one log of all images',
    async () => {
      const words = ['--n0', '16', '--n', '32', '--threads', '1', '--device', 'cpu', '--images', '5-1/-1']
      const { exitCode, stdout, stderr } = await runProgram(
        'src/cli/main.ts',
        ...[
          'launch',
          '--nproc-per-node',
          '2',
          '--',
          'certify',
          '--preset',
          'digits',
          '--output',
          log,
          ...words,
        ],
      )
      expect(exitCode, stderr).toBe(0)
      expect(stdout).toMatch(/certify +│/)
      // The first process alone shows how far it is, with its three of the five images.
      expect(stderr).toMatch(/image 3\/3/)
      expect(stderr).not.toMatch(/image \d\/2/)
      const { rows, metadata } = await readCertificationLog(log)
      expect(rows.map(({ index }) => index)).toEqual([5, 4, 3, 2, 1])
      expect(metadata?.plan).toEqual({ count: 5, images: '5-1/-1' })
    },
    TIMEOUT_MS,
  )

  it(
    'says of a shard where it lies, and the command that merges all',
    async () => {
      const words = ['--n0', '16', '--n', '32', '--threads', '1', '--device', 'cpu', '--images', '1-2']
      const { stdout } = await run('--preset', 'digits', '--output', log, '--shard', '2/2', ...words)
      const all = join(folder, 'certify.shard-*-of-02.tsv')
      expect(stdout).toContain(`Shard 2 of 2: ${all.replace('*', '02')}. When all are done:`)
      expect(stdout).toContain(`npx ft-cadis certify merge ${all} --output ${log}`)
    },
    TIMEOUT_MS,
  )

  it.each([
    [['--preset', 'digits', '--shard', '3/2'], 2, /Expected for instance 3\/16/],
    [['--preset', 'digits', '--adaptive', '0.5,0.25'], 2, /Expected radii in ascending order/],
    [['--preset', 'digits', '--block', '32'], 1, /--block is given without --adaptive or --max-radius-loss/],
    [
      ['--preset', 'digits', '--worth', '2', '--max-radius-loss', '0.1'],
      1,
      /--worth is given without --adaptive/,
    ],
    [['--preset', 'digits', '--core', 'x'], 1, /--core is given without --aces/],
    [['--preset', 'digits', '--selector', 'x'], 1, /--selector is given without --aces/],
    [
      ['--preset', 'digits', '--cascade', '1,0.5', '--pixel-dp'],
      2,
      /'--cascade <sigmas>' cannot be used with/,
    ],
    [['--preset', 'digits', '--cascade', '0.25,0.5'], 1, /procedure\.sigmas: expected the largest first/],
    [
      ['--preset', 'digits', '--n', '4', '--aces', '0.5'],
      1,
      /certify nothing at alpha \/ 2 = 0\.0005.*at least 11/,
    ],
    [['--preset', 'digits', '--price-per-hour', '2'], 1, /--price-per-hour is given without --dry-run/],
    [['--adaptive', 'runs/a'], 2, /put the folder in front of the option/],
    [
      ['--preset', 'digits', '--n', '20', '--at-radius', '0.5'],
      1,
      /Rounds of \[20\] votes cannot certify radius 0\.5/,
    ],
    [['merge', 'x.tsv'], 2, /give --output/],
    [['merge', 'x.tsv', '--output', 'y.tsv'], 1, /The certification log x\.tsv does not exist/],
  ])('%j ends with exit code %d and one message', async (words, code, message) => {
    const { exitCode, stderr, stdout } = await run(...words)
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^ +at /m)
  })
})

describe('what a command line names', () => {
  const digits = { preset: 'digits' } as const

  it('is the preset with what the options say otherwise', async () => {
    const { config } = await smoothedSource(
      undefined,
      { ...digits, n: 50, sigma: 0.1, dtype: 'float64', familyWise: true, device: 'cpu' },
      { images: { every: 5 } },
    )
    expect(config).toMatchObject({
      smoothing: { sigma: 0.1, denoiser: { source: 'diffusers', dtype: 'float64' } },
      certification: { n: 50, n0: 100, dtype: 'float64', familyWise: true, images: { every: 5 } },
      device: 'cpu',
      output: join('runs', 'certify-digits'),
    })
  })

  it.each(['cifar10', 'imagenet'] as const)("has the paper's test images and n for %s", async preset => {
    const { config } = await smoothedSource(undefined, { preset, data: 'd', denoiser: 'e.pt', sigma: 0.3 })
    expect(config.smoothing.sigma).toBe(0.3)
    expect(config.certification).toMatchObject(
      preset === 'cifar10'
        ? { n0: 100, n: 100_000, alpha: 0.001, images: 'all' }
        : { n0: 100, n: 10_000, alpha: 0.001, images: { onePerClass: true } },
    )
  })

  it.each([
    [{ ...digits, config: 'x.json' }, /exactly one of a folder, --config or --preset; got 2/],
    [{}, /exactly one of a folder, --config or --preset; got none\. Name the folder of a run/],
    [
      { folderOption: '--model' as const },
      /exactly one of --model, --config or --preset; got none\. Name the folder of a run or of a checkpoint by --model/,
    ],
    [{ preset: 'cifar10' as const }, /The preset cifar10 is missing data\..*--data/],
    [{ ...digits, data: 'x' }, /Data of the source digits are in no folder/],
  ])('is not %j', async (options, message) => {
    await expect(smoothedSource(undefined, options)).rejects.toThrow(ConfigError)
    await expect(smoothedSource(undefined, options)).rejects.toThrow(message)
  })

  it('has no denoiser where that is asked for', async () => {
    const { config } = await smoothedSource(undefined, { ...digits, denoiser: 'none' })
    expect(config.smoothing).toEqual({ sigma: 0.75, denoiser: { source: 'none' } })
  })

  it('is the newest checkpoint of a run, as its settings or its smoothed.json describe it', async () => {
    const run = presets.digits({
      denoiser: DENOISER,
      classifier: CLASSIFIER,
      output: 'moved since',
      sigma: 0.5,
    })
    await writeFile(join(folder, 'config.json'), JSON.stringify({ config: run }))
    const [first, last] = ['epoch-01', 'epoch-02'].map(name => join(folder, 'checkpoints', name)) as [
      string,
      string,
    ]
    for (const [epoch, checkpoint] of [first, last].entries()) {
      await mkdir(checkpoint, { recursive: true })
      await writeFile(join(checkpoint, 'trainer.json'), JSON.stringify({ step: 18 * (epoch + 1) }))
    }

    const { config, weights } = await smoothedSource(folder, { n: 7 })
    expect(weights).toBeUndefined()
    expect(config).toMatchObject({ checkpoint: last, output: folder, smoothing: { sigma: 0.5 } })
    expect(config.certification.n).toBe(7)
    expect(defaultLogPath(config)).toBe(join(folder, 'certify-sigma-0.5.tsv'))
    expect((await smoothedSource(first, {})).config).toMatchObject({ checkpoint: first, output: folder })

    await writeSmoothed(last, {
      config: { ...certificationOf(run), smoothing: { ...run.smoothing, sigma: 0.25 } },
      smoothing: smoothingOf(null, 0.25),
      dataset: { classes: ['a', 'b'], imageShape: [1, 8, 8] },
      weights: {
        denoiser: { source: 'diffusers', sha256: 'dd' },
        classifier: { source: 'timm', sha256: 'cc' },
      },
    })
    for (const named of [folder, last]) {
      expect(await smoothedSource(named, {})).toMatchObject({
        classes: ['a', 'b'],
        config: { checkpoint: last, output: folder, smoothing: { sigma: 0.25 } },
        weights: { denoiser: { sha256: 'dd' } },
      })
    }
  })

  it('is what a file says, and where that is wrong the field is named', async () => {
    const file = join(folder, 'settings.json')
    const settings = {
      smoothing: { sigma: 0.5, denoiser: { source: 'none' } },
      classifier: { source: 'resnet110', path: 'a.pth.tar' },
      data: { source: 'cifar10', path: 'data' },
      certification: { n: 7 },
      output: 'runs/a',
    }
    await writeFile(file, JSON.stringify(settings))
    expect((await smoothedSource(undefined, { config: file })).config).toMatchObject(settings)
    const { smoothing, ...others } = settings
    const earlier = { ...others, denoiser: smoothing.denoiser, certification: { sigma: 0.5, n: 7 } }
    await writeFile(file, JSON.stringify(earlier))
    expect((await smoothedSource(undefined, { config: file })).config).toMatchObject(settings)
    await writeFile(file, JSON.stringify({ ...settings, smoothing: { ...smoothing, sigma: -1 } }))
    await expect(smoothedSource(undefined, { config: file })).rejects.toThrow(/smoothing\.sigma: expected/)
    await writeFile(file, '{')
    await expect(smoothedSource(undefined, { config: file })).rejects.toThrow(/settings\.json is not JSON: /)
  })
})

it.each([
  ['all', 'all'],
  ['first:3', { first: 3 }],
  ['every:20', { every: 20 }],
  ['random:7', { random: 7 }],
  ['one-per-class', { onePerClass: true }],
  ['3,17,20-22', { indices: [3, 17, 20, 21, 22] }],
])('--images %s', (text, images) => {
  expect(parseImages(text)).toEqual(images)
})

it.each(['first:0', 'some', '3-1', '1,,2', ''])('--images %s is refused', text => {
  expect(() => parseImages(text)).toThrow(/Expected all, first:N/)
})
