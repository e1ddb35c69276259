import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { DataError } from '../../src/errors'
import { readLatestMetrics, readMetrics } from '../../src/runs/read-metrics'
import { readRun, readStatus } from '../../src/runs/read-run'
import {
  epochReport,
  epochRow,
  rows,
  samplesFile,
  updateReport,
  updateRow,
  writeRun,
} from '../support/run-folders'

let folder: string
let metrics: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-read-run-'))
  metrics = join(folder, 'metrics.jsonl')
  return () => rm(folder, { recursive: true })
})

describe('metrics', () => {
  it('are the reports as they were', async () => {
    await writeRun(folder, { rows: rows(5) })
    expect(await readMetrics(metrics)).toEqual({
      updates: [1, 2, 3, 4, 5].map(step => updateReport(step)),
      epochs: [epochReport(1)],
    })
  })

  it('are read while a run writes: a last line without its end is left out, even a whole one', async () => {
    const last = JSON.stringify(updateRow(3))
    for (const cut of ['{', last.slice(0, -10), last, '\u0000\u0000']) {
      await writeRun(folder, { rows: rows(2), cut })
      expect((await readMetrics(metrics)).updates.map(({ step }) => step)).toEqual([1, 2])
      expect((await readLatestMetrics(metrics)).latest).toEqual(updateReport(2))
    }
  })

  it('have numbers that are not finite, and kinds that nobody knows yet', async () => {
    const bad = { loss: Number.NaN, gradientNorm: Number.POSITIVE_INFINITY, taken: false }
    await writeRun(folder, { rows: [{ kind: 'note', text: 'hello' }, updateRow(1, bad), updateRow(2)] })
    const { updates } = await readMetrics(metrics)
    // JSON has one word for all of them.
    expect(updates).toEqual([updateReport(1, { ...bad, gradientNorm: Number.NaN }), updateReport(2)])
  })

  it.each<[string, number, RegExp, readonly object[], string]>([
    ['no JSON', 3, /expected one JSON object, got "\{\\"kind/, rows(2), '{"kind":"update",\n'],
    ['no object', 3, /an object with a kind, got 7/, rows(2), '7\n'],
    ['an empty line', 3, /expected one JSON object, got ""/, rows(2), '\n'],
    [
      'a field of another type',
      2,
      /loss: .*expected number/,
      [updateRow(1), { ...updateRow(2), loss: 'x' }, updateRow(3)],
      '',
    ],
    [
      'a place that is missing',
      2,
      /step: .*expected number/,
      [updateRow(1), { ...epochRow(1), step: undefined }],
      '',
    ],
  ])('are refused with file and line for %s', async (_what, line, message, metricRows, cut) => {
    await writeRun(folder, { rows: metricRows, cut })
    const reading = readMetrics(metrics)
    await expect(reading).rejects.toThrow(DataError)
    await expect(reading).rejects.toThrow(`${metrics}, line ${line}: `)
    await expect(reading).rejects.toThrow(message)
  })

  it('of chunks that end within a line or a letter are put together', async () => {
    // The path of one row is longer than what is read at once.
    const skippedPaths = ['ü'.repeat(700_000), 'ü'.repeat(700_000)]
    const long = [updateRow(1), epochRow(1, { skippedPaths }), updateRow(2), epochRow(2)]
    await writeRun(folder, { rows: long })
    const { latest, epochs } = await readLatestMetrics(metrics)
    expect(latest).toEqual(updateReport(2))
    expect(epochs[0]?.skippedPaths).toEqual(skippedPaths)
  })
})

describe('a run', () => {
  it('has what is in its folder, and of samples those of the epochs it has come to', async () => {
    const nonFinite = { step: 3, loss: 'NaN' }
    await writeRun(folder, {
      rows: rows(5),
      files: {
        'samples/epoch-00.json': samplesFile(0),
        'samples/epoch-01.json': samplesFile(1),
        // Of a part of the run that a resumed one will do again.
        'samples/epoch-02.json': samplesFile(2),
        'samples/epoch-01.png': 'not read',
        'non-finite/step-000003.json': nonFinite,
        'certify-b.tsv': '',
        'certify-a.tsv': '',
        'certify-a.tsv.json': '{}',
      },
    })
    const run = await readRun(folder)
    expect(run.samples).toEqual([samplesFile(0), samplesFile(1)])
    expect(run.nonFinite).toEqual([{ file: 'step-000003.json', record: nonFinite }])
    expect(run.certificationLogs).toEqual([join(folder, 'certify-a.tsv'), join(folder, 'certify-b.tsv')])
    expect(run.metadata.versions).toEqual({ ftCadis: '0.1.0', node: '20.20.2' })
    expect(run.updates).toHaveLength(5)
  })

  it('needs a description', async () => {
    await expect(readRun(folder)).rejects.toThrow(/is not a run folder: .*config\.json does not exist/)
    await writeRun(folder, { files: { 'config.json': { config: {} } } })
    await expect(readRun(folder)).rejects.toThrow(
      /config\.json is not the description of a run: it has no weights/,
    )
    await writeRun(folder, { files: { 'config.json': 'x' } })
    await expect(readRun(folder)).rejects.toThrow(/config\.json is not JSON: /)
    await writeRun(folder, { files: { 'config.json': '[]' } })
    await expect(readRun(folder)).rejects.toThrow(/config\.json is malformed: expected a JSON object/)
  })

  it.each<[string, object, RegExp]>([
    ['samples/epoch-00.json', { ...samplesFile(0), samples: 7 }, /epoch-00\.json is malformed: samples: /],
    ['samples/epoch-00.json', { ...samplesFile(0), classes: null }, /epoch-00\.json is malformed: classes: /],
    ['state.json', { state: 'asleep', step: 1, steps: 2 }, /state\.json is malformed: state: /],
    ['state.json', { state: 'running', step: 1, steps: 2 }, /state\.json is malformed: updatedAt: /],
  ])('with a damaged %s is refused, and the field is named', async (file, content, message) => {
    await writeRun(folder, { rows: rows(1), files: { [file]: content } })
    await expect(readRun(folder)).rejects.toThrow(message)
  })

  it('with a samples folder that cannot be listed is refused: it is not taken for empty', async () => {
    await writeRun(folder, { rows: rows(1), files: { samples: 'not a folder' } })
    await expect(readRun(folder)).rejects.toThrow(DataError)
    await expect(readRun(folder)).rejects.toThrow(/samples cannot be listed: ENOTDIR/)
  })
})

describe('the state of a run', () => {
  const lock = { pid: process.pid, host: hostname(), since: 'noon', startTicks: null }
  const gone = 2 ** 22 + 1
  const longAgo = new Date(Date.now() - 3_600_000)

  it.each<[string, object, object | null, Date | null]>([
    ['running', { state: 'running' }, lock, null],
    ['killed', { state: 'running' }, { ...lock, pid: gone }, null],
    ['killed', { state: 'running' }, null, null],
    ['running', { state: 'running' }, { ...lock, host: 'elsewhere', pid: gone }, null],
    ['killed', { state: 'running' }, { ...lock, host: 'elsewhere' }, longAgo],
    ['finished', { state: 'finished' }, { ...lock, pid: gone }, null],
    ['finished', { state: 'finished', step: 8, planned: 8 }, null, null],
    ['interrupted', { state: 'interrupted', message: 'SIGTERM' }, null, null],
    ['failed', { state: 'failed', message: 'No space left.' }, null, null],
  ])('is %s for %j with lock %j touched %s', async (condition, state, lockFile, touched) => {
    await writeRun(folder, { state, files: lockFile === null ? {} : { 'run.lock': lockFile } })
    if (touched !== null) await utimes(join(folder, 'run.lock'), touched, touched)
    const status = await readStatus(folder)
    expect(status).toMatchObject({ condition, message: 'message' in state ? state.message : undefined })
    // The metrics have just been written, the state long ago.
    expect(Date.now() - status.updatedAt.getTime()).toBeLessThan(60_000)
  })

  it('is stopped where it was to end before its last update', async () => {
    await writeRun(folder, { state: { state: 'finished', step: 8, steps: 8, planned: 12 } })
    expect(await readStatus(folder)).toMatchObject({
      condition: 'stopped',
      message: 'stopped after 8 of 12 updates, as asked',
    })
  })

  it('is unknown where nothing says it', async () => {
    await writeRun(folder, { state: null })
    expect((await readStatus(folder)).condition).toBe('unknown')
  })
})
