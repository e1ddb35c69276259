import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DataError } from '../../src/errors'
import { RunFolder, type RunState } from '../../src/runs/run-folder'

const STATE: RunState = { state: 'running', step: 0, steps: 9, checkpoint: null }

let root: string
let run: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ft-cadis-run-folder-'))
  run = join(root, 'run')
})
afterEach(() => rm(root, { recursive: true }))

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

it('a run that is replaced takes its own parts alone with it, and nothing that a link leads to', async () => {
  const elsewhere = join(root, 'elsewhere')
  for (const folder of [join(run, 'samples'), elsewhere]) await mkdir(folder, { recursive: true })
  await writeFile(join(run, 'notes.txt'), 'mine')
  await writeFile(join(run, 'certify-a.tsv'), 'mine')
  await writeFile(join(elsewhere, 'weights'), 'mine')
  await symlink(elsewhere, join(run, 'checkpoints'))

  const folder = await RunFolder.open(run)
  expect([...folder.earlier].sort()).toEqual(['checkpoints', 'samples'])
  await folder.begin({}, { resumed: null, state: STATE })
  const [replaced = ''] = (await readdir(run)).filter(name => name.startsWith('.replaced-'))
  expect((await readdir(join(run, replaced))).sort()).toEqual(['checkpoints', 'samples'])
  await folder.removeReplaced()
  await folder.close()
  expect((await readdir(run)).sort()).toEqual([
    'certify-a.tsv',
    'config.json',
    'metrics.jsonl',
    'notes.txt',
    'state.json',
  ])
  expect(await readFile(join(elsewhere, 'weights'), 'utf8')).toBe('mine')
})

it('a run whose metrics are empty is resumed like any other: no number stands for a new run', async () => {
  await mkdir(join(run, 'checkpoints', 'step-000003'), { recursive: true })
  await writeFile(join(run, 'metrics.jsonl'), '')
  const folder = await RunFolder.open(run)
  await folder.begin({}, { resumed: { metricsBytes: 0 }, state: STATE })
  await folder.close()
  expect(await readdir(join(run, 'checkpoints'))).toEqual(['step-000003'])
})

it.each([
  ['missing', undefined],
  ['short', '{"step":1}\n'],
])('metrics that are %s are never made longer', async (_what, content) => {
  await mkdir(run)
  if (content !== undefined) await writeFile(join(run, 'metrics.jsonl'), content)
  const folder = await RunFolder.open(run)
  const begun = folder.begin({}, { resumed: { metricsBytes: 100 }, state: STATE })
  await expect(begun).rejects.toThrow(DataError)
  await expect(begun).rejects.toThrow(
    /cannot be resumed with this .*metrics\.jsonl: it (is missing|has 11 bytes)/,
  )
  await folder.close()
  const left = content === undefined ? null : await readFile(join(run, 'metrics.jsonl'), 'utf8')
  expect(left).toBe(content ?? null)
})

it.each<[string, (metrics: string) => Promise<void>]>([
  ['removed', metrics => rm(metrics)],
  ['replaced', metrics => rename(metrics, join(run, 'metrics.1.jsonl')).then(() => writeFile(metrics, ''))],
])('puts its metrics back as it has written them where they were %s', async (_how, change) => {
  const folder = await RunFolder.open(run)
  await folder.begin({}, { resumed: null, state: STATE })
  folder.log({ step: 1 })
  await change(join(run, 'metrics.jsonl'))
  folder.log({ step: 2 })
  const rows = '{"step":1}\n{"step":2}\n'
  expect(await folder.syncMetrics()).toEqual({ metricsBytes: rows.length, metricsSha256: sha256(rows) })
  folder.log({ step: 3 })
  await folder.close()
  expect(await readFile(join(run, 'metrics.jsonl'), 'utf8')).toBe('{"step":1}\n{"step":2}\n{"step":3}\n')
})

it.each([
  ['cut', ''],
  ['longer', '{"step":1}\n{"step":9}\n'],
])('says that its metrics were %s under it, and continues with what they are', async (_how, content) => {
  const warnings: string[] = []
  const listener = ({ message }: Error) => warnings.push(message)
  process.on('warning', listener)
  const folder = await RunFolder.open(run)
  await folder.begin({}, { resumed: null, state: STATE })
  folder.log({ step: 1 })
  await writeFile(join(run, 'metrics.jsonl'), content)
  folder.log({ step: 2 })
  const rows = `${content}{"step":2}\n`
  const start = { metricsBytes: rows.length, metricsSha256: sha256(rows) }
  expect(await folder.syncMetrics()).toEqual(start)
  await folder.close()
  expect(await readFile(join(run, 'metrics.jsonl'), 'utf8')).toBe(rows)
  process.off('warning', listener)
  expect(warnings).toEqual([expect.stringMatching(/changed under the run: it has \d+ bytes/)])

  const resumed = await RunFolder.open(run)
  await resumed.begin({}, { resumed: start, state: STATE })
  resumed.log({ step: 3 })
  const { metricsSha256 } = await resumed.syncMetrics()
  expect(metricsSha256).toBe(sha256(`${rows}{"step":3}\n`))
  await resumed.close()
})

it('metrics that were changed since are not continued', async () => {
  await mkdir(run)
  await writeFile(join(run, 'metrics.jsonl'), '{"step":1}\n')
  const folder = await RunFolder.open(run)
  const start = { metricsBytes: 11, metricsSha256: sha256('{"step":2}\n') }
  const begun = folder.begin({}, { resumed: start, state: STATE })
  await expect(begun).rejects.toThrow(/was changed in the 11 bytes/)
  await folder.close()
})

it('writes nothing more once another process has taken it over', async () => {
  const folder = await RunFolder.open(run)
  await folder.begin({}, { resumed: null, state: STATE })
  await rm(join(run, 'run.lock'))
  const other = await RunFolder.open(run)
  expect(() => folder.log({ step: 1 })).toThrow(/no longer held by this process/)
  await expect(folder.writeState(STATE)).rejects.toThrow(DataError)
  await expect(folder.writeNonFinite(1, {})).rejects.toThrow(DataError)
  await expect(folder.removeReplaced()).rejects.toThrow(DataError)
  await folder.close()
  expect(await readFile(join(run, 'metrics.jsonl'), 'utf8')).toBe('')
  expect(await readdir(run)).toContain('run.lock')
  await other.close()
})
