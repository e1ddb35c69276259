import { z } from 'zod'
import { DataError } from '../errors'
import { firstIssue, isObject } from '../files/read-json'
import { readLines } from '../files/read-lines'
import type { MetricValues } from '../objectives/metrics'
import type { EpochReport, UpdateReport } from './reports'

/** The content of `metrics.jsonl`. */
export interface Metrics {
  readonly updates: readonly UpdateReport[]
  readonly epochs: readonly EpochReport[]
}

const count = z.int().nonnegative()
/** JSON has no NaN or infinity: they are written as null. Missing values are unknown too. */
const measured = z
  .number()
  .nullish()
  .transform(value => value ?? Number.NaN)

/** Only the position is required, because other versions write other numbers. */
const updateRow = z.looseObject({
  epoch: count,
  step: count,
  update: count.default(0),
  updatesPerEpoch: count.default(0),
  epochs: count.default(0),
  steps: count.default(0),
  loss: measured,
  lossTerm: measured,
  gradientNorm: measured,
  clippedGradientNorm: measured,
  durationMs: measured,
  hostMs: measured,
  imagesPerSecond: measured,
  roundTrips: measured,
  liveTensors: measured,
  deviceBytes: count.nullable().default(null),
  taken: z.boolean().default(true),
  learningRate: measured,
  firstLayerLearningRate: measured,
  lastLayerLearningRate: measured,
  weightDecay: measured,
  lossScale: measured,
})

const epochRow = z.looseObject({
  epoch: count,
  step: count,
  skippedImages: count.default(0),
  skippedPaths: z.array(z.string()).default([]),
  corruptTestImages: z.array(z.string()).exactOptional(),
})

/** Names of numbers in earlier versions. */
const RENAMED: Readonly<Record<string, string>> = { answers: 'roundTrips', denoised: 'noisy' }

/** Converts a row to a report: numbers that are not fields of the report are metrics of the objective. */
function reportOf<Fields extends object>(
  schema: z.ZodType<Fields> & { readonly shape: object },
  row: Record<string, unknown>,
  place: Place,
): Fields & { readonly metrics: MetricValues } {
  const renamed = Object.fromEntries(Object.entries(row).map(([key, value]) => [RENAMED[key] ?? key, value]))
  const parsed = check(schema, renamed, place)
  const entries = Object.entries(parsed)
  const isField = (key: string) => key === 'kind' || Object.hasOwn(schema.shape, key)
  const metrics = entries.filter(
    ([key, value]) => !isField(key) && (typeof value === 'number' || value === null),
  )
  return {
    ...(Object.fromEntries(entries.filter(([key]) => isField(key) && key !== 'kind')) as Fields),
    metrics: Object.fromEntries(metrics),
  }
}

/**
 * Reads `metrics.jsonl`, even while a run appends to it: omits an incomplete last line, and rows of an unknown kind.
 *
 * @throws DataError with file and line for any other malformed row, and for an unreadable file
 */
export async function readMetrics(path: string): Promise<Metrics> {
  const updates: UpdateReport[] = []
  const epochs: EpochReport[] = []
  for await (const [text, line] of wholeLines(path)) {
    const row = parseRow(text, { path, line })
    if (row.kind === 'update') updates.push(reportOf(updateRow, row, { path, line }))
    else if (row.kind === 'epoch') epochs.push(reportOf(epochRow, row, { path, line }))
  }
  return { updates, epochs }
}

/** Reads only the epochs and the last update, which is much faster for a long run. Throws as {@link readMetrics}. */
export async function readLatestMetrics(
  path: string,
): Promise<{ readonly latest: UpdateReport | undefined; readonly epochs: readonly EpochReport[] }> {
  const epochs: EpochReport[] = []
  let last: readonly [text: string, line: number] | undefined
  for await (const [text, line] of wholeLines(path)) {
    if (text.startsWith('{"kind":"update"')) last = [text, line]
    else {
      const row = parseRow(text, { path, line })
      if (row.kind === 'epoch') epochs.push(reportOf(epochRow, row, { path, line }))
    }
  }
  if (last === undefined) return { latest: undefined, epochs }
  const [text, line] = last
  return { latest: reportOf(updateRow, parseRow(text, { path, line }), { path, line }), epochs }
}

interface Place {
  readonly path: string
  readonly line: number
}

function wholeLines(path: string) {
  return readLines(
    path,
    (reason, cause) =>
      new DataError(`${path} ${reason}.`, {
        remedy: 'Give the folder of a run, and the rights to read it.',
        cause,
      }),
  )
}

function parseRow(text: string, place: Place): Readonly<Record<string, unknown>> {
  let row: unknown
  try {
    row = JSON.parse(text)
  } catch (cause) {
    throw malformed(place, `expected one JSON object, got ${JSON.stringify(text.slice(0, 60))}`, cause)
  }
  if (isObject(row) && 'kind' in row) return row
  throw malformed(place, `expected an object with a kind, got ${text.slice(0, 60)}`)
}

function check<T>(schema: z.ZodType<T>, row: unknown, place: Place): T {
  const parsed = schema.safeParse(row)
  if (parsed.success) return parsed.data
  throw malformed(place, firstIssue(parsed.error))
}

function malformed({ path, line }: Place, what: string, cause?: unknown): DataError {
  return new DataError(`${path}, line ${line}: ${what}.`, {
    remedy: 'Restore the file, or remove the line if you know how it came there.',
    cause,
  })
}
