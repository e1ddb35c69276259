import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rows, writeRun } from '../../support/run-folders'
import { runHere } from '../../support/run-here'
import { runWithoutPython } from '../../support/run-without-python'

const TIMEOUT_MS = 300_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-sweep-'))
})
afterAll(() => rm(folder, { recursive: true }))

const plan = (...words: string[]) =>
  runWithoutPython(folder, 'sweep', '--preset', 'digits', '--sigma', '0.75', ...words)

describe('ft-cadis sweep', () => {
  it('lists its runs without Python, the best first, with what is left to do', async () => {
    await writeRun(join(folder, 'runs', 'sweep', 'lambda-2'), { rows: rows(8) })
    await writeRun(join(folder, 'runs', 'sweep', 'lambda-4'), {
      rows: rows(6),
      state: { state: 'interrupted' },
    })
    const { stdout, exitCode } = await plan('--set', 'method.lambda=1,2,4', '--plan')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('3 runs by noisy accuracy on test images in the best epoch')
    const cells = stdout
      .split('\n')
      .filter(line => line.startsWith('│'))
      .map(line =>
        line
          .split('│')
          .slice(1, -1)
          .map(cell => cell.trim()),
      )
    expect(cells.slice(1)).toEqual([
      ['lambda-2', '2', 'finished', '52.0', '2'],
      ['lambda-4', '4', 'interrupted, step 6 of 12', '51.0', '1'],
      ['lambda-1', '1', 'not begun', '–', '–'],
    ])
  })

  it.each([
    ['a field that there is not', ['--set', 'method.lamda=1,2'], 'method.lamda: unknown'],
    ['a value that a field does not take', ['--set', 'seed=1,-2'], 'seed'],
    [
      'fields that another option decides',
      ['--set', 'seed=1,2', '--seed', '3'],
      'are the same run: another option decides',
    ],
    ['what asks for one run', ['--set', 'seed=1,2', '--dry-run'], 'A sweep does not take --dry-run.'],
    ['members', ['--set', 'seed=1,2', '--members', '2'], 'Sweep the seed'],
  ])('refuses %s before any work', async (_what, words, message) => {
    const { stderr, stdout, exitCode } = await plan(...words, '--output', 'refused')
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 })
    expect(stderr).toContain(message)
    expect(await readdir(folder)).not.toContain('refused')
  })

  it(
    'trains ordinary runs, continues where it stood, and ends with a table',
    async () => {
      const settings = join(folder, 'short.json')
      const optimisation = { epochs: 1, warmupEpochs: 0, imagesPerUpdate: 400 }
      await writeFile(settings, JSON.stringify({ optimisation }))
      const output = join(folder, 'short')
      const sweep = (values: string) =>
        runHere(
          ...[
            'sweep',
            '--preset',
            'digits',
            '--config',
            settings,
            '--threads',
            '1',
            '--evaluate-images',
            '20',
          ],
          ...['--set', `method.lambda=${values}`, '--output', output],
        )
      const first = await sweep('1,2')
      expect(first.exitCode, first.stderr).toBe(0)
      const metrics = await readFile(join(output, 'lambda-2', 'metrics.jsonl'), 'utf8')
      const { config } = JSON.parse(await readFile(join(output, 'lambda-2', 'config.json'), 'utf8'))
      expect(config.method.lambda).toBe(2)

      // What is finished is kept as it is.
      const second = await sweep('1,2,4')
      expect(second.exitCode, second.stderr).toBe(0)
      expect((await readdir(output)).sort()).toEqual(['lambda-1', 'lambda-2', 'lambda-4'])
      expect(await readFile(join(output, 'lambda-2', 'metrics.jsonl'), 'utf8')).toBe(metrics)
      expect(second.stdout).toContain('3 of 3: lambda-4')
      expect(second.stdout.match(/│ finished │/g)).toHaveLength(3)
      expect(second.stdout).toContain(`tensorboard --logdir ${output}`)
    },
    TIMEOUT_MS,
  )
})
