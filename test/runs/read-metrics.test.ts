import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DataError } from '../../src/errors'
import { type Metrics, readLatestMetrics, readMetrics } from '../../src/runs/read-metrics'
import { rows } from '../support/run-folders'

let folder: string
let path: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-metrics-'))
  path = join(folder, 'metrics.jsonl')
})
afterAll(() => rm(folder, { recursive: true }))

/** What is read, undefined where it is refused as it should be. */
async function read(content: string | Uint8Array): Promise<Metrics | undefined> {
  await writeFile(path, content)
  const refused = (error: unknown) => {
    expect(error).toBeInstanceOf(DataError)
    expect((error as DataError).message).toContain(path)
    return undefined
  }
  await readLatestMetrics(path).catch(refused)
  return readMetrics(path).catch(refused)
}

const whole = rows(5).map(row => `${JSON.stringify(row)}\n`)

/** The line that a refusal names; undefined where nothing is refused, or text of no encoding. */
async function refusedLine(content: string): Promise<number | undefined> {
  await writeFile(path, content)
  const refused = await readMetrics(path).then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (refused === undefined || refused.startsWith(`${path} is not text in UTF-`)) return undefined
  const [, line] = refused.slice(path.length).match(/^, line (\d+): /) ?? []
  expect(line, refused).toBeDefined()
  return Number(line)
}

it('metrics of any bytes are read, or refused by file and line', async () => {
  const broken: number[] = []
  const line = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...whole.map(row => row.trimEnd())) },
    ...[fc.json(), fc.string(), fc.constant('{"kind":"update"')].map(arbitrary => ({ weight: 1, arbitrary })),
  )
  const content = fc.oneof(
    fc.array(line).map(lines => lines.join('\n')),
    fc.uint8Array({ maxLength: 200 }),
  )
  await fc.assert(
    fc.asyncProperty(content, async bytes => {
      await read(bytes)
      if (typeof bytes !== 'string') return
      const line = await refusedLine(bytes)
      if (line === undefined) return
      broken.push(line)
      // It is the first that is refused.
      const before = bytes.split('\n').slice(0, line - 1)
      expect(await refusedLine(before.map(one => `${one}\n`).join(''))).toBeUndefined()
    }),
    { numRuns: 100 },
  )
  expect(Math.max(...broken)).toBeGreaterThan(1)
})

it('metrics cut off anywhere are the rows that are whole', async () => {
  const bytes = Buffer.from(whole.join(''))
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length), async length => {
      const metrics = await read(bytes.subarray(0, length))
      const ends = bytes.subarray(0, length).toString().split('\n').length - 1
      expect((metrics?.updates.length ?? -1) + (metrics?.epochs.length ?? -1)).toBe(ends)
    }),
    { numRuns: 100 },
  )
})
