import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runHere } from '../../support/run-here'

const TIMEOUT_MS = 300_000

describe('ft-cadis train', () => {
  let folder: string
  let config: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-train-'))
    config = join(folder, 'short.jsonc')
    await writeFile(
      config,
      `{ // short
        "optimisation": { "epochs": 2, "warmupEpochs": 0, "imagesPerUpdate": 400 },
        "certification": { "n0": 16, "n": 64, "images": { "first": 2 } },
      }`,
    )
  })
  afterAll(() => rm(folder, { recursive: true }))

  const train = (...words: string[]) =>
    runHere(
      ...['train', '--preset', 'digits', '--config', config, '--threads', '1', '--evaluate-images', '20'],
      ...words,
    )

  it(
    'trains by a preset, certifies, resumes, refuses to overwrite, and replaces when asked',
    async () => {
      const output = join(folder, 'run')
      const first = await train('--output', output, '--steps', '2', '--set', 'method.lambda=3', '--certify')
      expect({ exitCode: first.exitCode, stderr: first.exitCode === 0 ? '' : first.stderr }).toEqual({
        exitCode: 0,
        stderr: '',
      })
      expect(first.stdout).toContain('updates: 2 (1 epochs, 3 an epoch)')
      expect(first.stdout).toContain('r = 0.75')
      expect(first.stdout).toMatch(
        /^noisy accuracy: [\d.]+ % after the last epoch, the best\nconfiguration: /m,
      )
      expect(first.stdout).toMatch(/certificates: .*\nclassify: {3}npx ft-cadis predict --model .*<images>$/)
      expect(first.stdout).not.toContain('certify it')
      expect(first.stderr).not.toContain('earlier version')
      const { config: stored } = JSON.parse(await readFile(join(output, 'config.json'), 'utf8'))
      expect(stored.method.lambda).toBe(3)

      // The command continues with the log.
      const certified = await runHere('certify', output, '--images', 'first:3', '--threads', '1')
      expect(certified.exitCode, certified.stderr).toBe(0)

      const refused = await train('--output', output)
      expect(refused.exitCode).toBe(1)
      expect(refused.stderr).toMatch(/already holds a run .*--resume.*--replace/)
      const goesOn = await train('--output', output, '--dry-run', '--resume')
      expect({ exitCode: goesOn.exitCode, stdout: goesOn.stdout }).toEqual({
        exitCode: 0,
        stdout: expect.not.stringContaining('already holds a run'),
      })

      const resumed = await train('--output', output, '--set', 'method.lambda=3', '--resume')
      expect(resumed.exitCode, resumed.stderr).toBe(0)
      expect(resumed.stderr).toContain('continues after step 2/6')
      expect(resumed.stdout).toContain(`\ncertify it: npx ft-cadis certify ${output}\n`)
      expect(await readdir(join(output, 'checkpoints'))).toContain('epoch-02')

      const best = await runHere(
        ...['certify', output, '--checkpoint', 'best', '--images', 'first:1', '--threads', '1'],
      )
      expect(best.exitCode, best.stderr).toBe(0)
      expect(best.stderr).toMatch(/certificates: .*certify-epoch-0[12]-sigma-0\.75\.tsv/)

      const replaced = await train('--output', output, '--steps', '1', '--replace')
      expect(replaced.exitCode, replaced.stderr).toBe(0)
      expect(await readdir(join(output, 'checkpoints'))).toEqual(['step-000001'])
    },
    TIMEOUT_MS,
  )

  it(
    'trains an ensemble by seed, continues where it ended half-way, and certifies it as one',
    async () => {
      const output = join(folder, 'ensemble')
      const words = ['--output', output, '--members', '2', '--set', 'optimisation.epochs=1', '--seed', '3']
      const first = await train(...words)
      expect(first.exitCode, first.stderr).toBe(0)
      const seedOf = async (member: number) =>
        JSON.parse(await readFile(join(output, 'members', `${member}`, 'config.json'), 'utf8')).config.seed
      expect([await seedOf(0), await seedOf(1)]).toEqual([3, 4])
      const weights = () => readFile(join(output, 'members/0/checkpoints/epoch-01/model.safetensors'))
      const before = await weights()

      // As if it had ended before the second member began.
      await rm(join(output, 'members', '1'), { recursive: true })
      const resumed = await train(...words, '--resume', '--certify')
      expect(resumed.exitCode, resumed.stderr).toBe(0)
      expect(await seedOf(1)).toBe(4)
      expect(await weights()).toEqual(before)
      expect(resumed.stdout).toContain('r = 0.75')

      // The command continues with the log of the ensemble.
      const certified = await runHere(...['certify', output, '--images', 'first:2', '--threads', '1'])
      expect(certified.exitCode, certified.stderr).toBe(0)
      expect((await readdir(output)).filter(name => name.endsWith('.tsv'))).toHaveLength(1)
    },
    TIMEOUT_MS,
  )

  it('checks options before anything starts', async () => {
    const { exitCode, stderr, stdout } = await train('--set', 'method.lambda=two')
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toContain('method.lambda: expected a number, got "two"')
  })
})
