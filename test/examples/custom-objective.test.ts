import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runProgram } from '../support/run-example'

it('an objective of one’s own trains, and its run folder says what it measured', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-custom-'))
  try {
    const { exitCode, stdout, stderr } = await runProgram(
      'examples/custom-objective.ts',
      ...['--lambda', '3', '--steps', '3', '--device', 'cpu', '--output', folder],
    )
    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^epoch 1: accuracy 0\.\d+ on clean test images, 0\.\d+ on noisy ones$/m)

    const rows = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n')
    const updates = rows.map(row => JSON.parse(row)).filter(({ kind }) => kind === 'update')
    expect(updates).toHaveLength(3)
    for (const { loss, crossEntropy, consistency } of updates) {
      expect(consistency).toBeGreaterThan(0)
      expect(loss).toBeCloseTo(crossEntropy + 3 * consistency, 5)
    }

    const { config, objective } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
    expect(config.method).toEqual({ kind: 'agreement', noises: 2, lambda: 3 })
    expect(objective).toMatchObject({ kind: 'agreement', metrics: { consistency: { label: 'KL' } } })
    expect(objective.script).toContain('custom-objective.ts')
  } finally {
    await rm(folder, { recursive: true })
  }
}, 120_000)
