import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listRuns } from '../../../src/runs/list-runs'
import { epochReport, rows, updateReport, writeRun } from '../../support/run-folders'
import { runWithoutPython } from '../../support/run-without-python'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-runs-'))
  const lock = { pid: process.pid, host: hostname(), since: 'noon', startTicks: null }
  await writeRun(join(folder, 'sweep', 'lambda-1'), {
    rows: rows(6),
    cut: '{"kind":"upd',
    state: { state: 'running' },
    files: { 'run.lock': lock, 'checkpoints/epoch-01/model.safetensors': 'x'.repeat(1_500_000) },
  })
  await writeRun(join(folder, 'sweep', 'lambda-2'), {
    rows: rows(2),
    state: { state: 'failed', message: 'The disk is full.' },
    // A run inside of a run's folder is the run's own matter.
    files: { 'old/config.json': '{}', 'old/metrics.jsonl': '' },
  })
  await writeRun(join(folder, 'broken'), { rows: [{ kind: 'epoch' }] })
  await writeRun(join(folder, '.hidden'))
  // The newest stands first.
  const at = (minutesAgo: number) => new Date(Date.now() - 60_000 * minutesAgo)
  await utimes(join(folder, 'sweep', 'lambda-1', 'metrics.jsonl'), at(0), at(0))
  await utimes(join(folder, 'sweep', 'lambda-2', 'metrics.jsonl'), at(185), at(185))
})
afterAll(() => rm(folder, { recursive: true }))

it('lists runs with state, place, last and best metrics, size and age', async () => {
  const { stdout, stderr, exitCode } = await runWithoutPython(folder, 'runs', 'sweep')
  const cells = stdout
    .split('\n')
    .filter(line => line.startsWith('│'))
    .map(line => line.split('│').map(cell => cell.trim()))
  expect(cells.map(row => row.slice(1, -2))).toEqual([
    [
      'run',
      'state',
      'epoch',
      'step',
      'loss',
      'noisy accuracy (%)',
      'clean accuracy (%)',
      'best (epoch)',
      'checkpoints',
    ],
    ['lambda-1', 'running', '2/3', '6/12', '0.167', '51.0', '90.0', '51.0 (1)', '1.5 MB'],
    ['lambda-2', 'failed', '1/3', '2/12', '0.500', '–', '–', '–', '0.0 MB'],
  ])
  expect(cells[1]?.at(-2)).toMatch(/^\d+ s ago$/)
  expect(cells[2]?.at(-2)).toBe('3 h 05 min ago')
  expect(stdout).toContain('lambda-2: The disk is full.')
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
})

it('lists them as JSON with the whole reports, those that cannot be read with what is wrong', async () => {
  const { stdout, exitCode } = await runWithoutPython(folder, 'runs', '.', '--json')
  expect(JSON.parse(stdout)).toEqual([
    {
      folder: 'sweep/lambda-1',
      state: 'running',
      updatedAt: expect.any(String),
      latest: updateReport(6),
      latestEpoch: epochReport(1),
      bestEpoch: epochReport(1),
      hooks: null,
      checkpointBytes: 1_500_000,
    },
    expect.objectContaining({ folder: 'sweep/lambda-2', state: 'failed', message: 'The disk is full.' }),
    {
      folder: 'broken',
      state: 'unreadable',
      problem: expect.stringContaining('broken/metrics.jsonl, line 1: epoch:'),
    },
  ])
  expect(exitCode).toBe(0)
})

it('lists what their scripts have handed in, where any has', async () => {
  const hooks = { rule: { name: 'right', parameters: { threshold: 0.8 }, sha256: '1'.repeat(64) } }
  const here = join(folder, '.hooks')
  await writeRun(join(here, 'with'), { hooks })
  await writeRun(join(here, 'without'), { hooks: {} })
  await writeRun(join(here, 'earlier'))
  const { stdout } = await runWithoutPython(folder, 'runs', '.hooks')
  const cells = stdout.split('\n').map(line => line.split('│').map(cell => cell.trim()))
  const at = cells.find(row => row.includes('state'))?.indexOf('hooks') ?? -1
  const shown = cells.filter(row => row.length > at).map(row => [row[1], row[at]])
  expect(shown).toContainEqual(['with', 'rule: right {"threshold":0.8}, source 11111111'])
  expect(shown).toContainEqual(['without', 'none'])
  expect(shown).toContainEqual(['earlier', '–'])
  const json = await runWithoutPython(folder, 'runs', '.hooks', '--json')
  expect(JSON.parse(json.stdout).map((run: { hooks: unknown }) => run.hooks)).toContainEqual(hooks)
})

it('refuses a folder that is not there', async () => {
  await expect(listRuns(join(folder, 'none'))).rejects.toThrow(
    /^The folder .*none does not exist\. Name the folder/,
  )
  await writeFile(join(folder, 'x.pth'), 'weights')
  await expect(listRuns(join(folder, 'x.pth'))).rejects.toThrow(/x\.pth is a file, expected a folder\. Name/)
})
