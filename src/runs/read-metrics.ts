import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { DataError } from '../errors'
import { firstIssue, isObject } from '../files/read-json'
import type { EpochReport, UpdateReport } from './reports'

/** What `metrics.jsonl` holds. */
export interface Metrics {
  readonly updates: readonly UpdateReport[]
  readonly epochs: readonly EpochReport[]
}

/** JSON has no NaN and no infinities: they are written as null. */
const measured = z
  .number()
  .nullable()
  .transform(value => value ?? Number.NaN)
const count = z.int().nonnegative()

const updateRow = z.object({
  epoch: count,
  update: count,
  updatesPerEpoch: count,
  epochs: count,
  step: count,
  steps: count,
  loss: measured,
  selectiveCrossEntropy: measured,
  adversarial: measured,
  lossTerm: measured,
  keptShare: measured,
  allKeptShare: measured,
  denoisedAccuracy: measured,
  attackedShare: measured,
  attackSuccess: z.number().nullable(),
  gradientNorm: measured,
  clippedGradientNorm: measured,
  durationMs: z.number(),
  hostMs: z.number(),
  imagesPerSecond: z.number(),
  answers: count,
  liveTensors: count,
  deviceBytes: count.nullable(),
  taken: z.boolean(),
  learningRate: z.number(),
  firstLayerLearningRate: z.number(),
  lastLayerLearningRate: z.number(),
  weightDecay: z.number(),
  epsilon: z.number(),
  lossScale: z.number(),
}) satisfies z.ZodType<UpdateReport>

const epochRow = z.object({
  epoch: count,
  step: count,
  clean: z.number(),
  denoised: z.number(),
  skippedImages: count,
  skippedPaths: z.array(z.string()),
}) satisfies z.ZodType<EpochReport>

/**
 * Reads `metrics.jsonl`, also while a run appends to it: a last line without its end is left out. Rows of a kind that
 * this version does not know are left out too.
 *
 * @throws DataError with file and line for any other row that is malformed, and for a file that cannot be read
 */
export async function readMetrics(path: string): Promise<Metrics> {
  const updates: UpdateReport[] = []
  const epochs: EpochReport[] = []
  for await (const [text, line] of wholeLines(path)) {
    const row = parseRow(text, { path, line })
    if (row.kind === 'update') updates.push(check(updateRow, row, { path, line }))
    else if (row.kind === 'epoch') epochs.push(check(epochRow, row, { path, line }))
  }
  return { updates, epochs }
}

/** The epochs and the last update alone, which is much faster for a long run. Throws as {@link readMetrics} does. */
export async function readLatestMetrics(
  path: string,
): Promise<{ readonly latest: UpdateReport | undefined; readonly epochs: readonly EpochReport[] }> {
  const epochs: EpochReport[] = []
  let last: readonly [text: string, line: number] | undefined
  for await (const [text, line] of wholeLines(path)) {
    if (text.startsWith('{"kind":"update"')) last = [text, line]
    else {
      const row = parseRow(text, { path, line })
      if (row.kind === 'epoch') epochs.push(check(epochRow, row, { path, line }))
    }
  }
  if (last === undefined) return { latest: undefined, epochs }
  const [text, line] = last
  return { latest: check(updateRow, parseRow(text, { path, line }), { path, line }), epochs }
}

interface Place {
  readonly path: string
  readonly line: number
}

/** Lines that end, with their numbers from 1. */
async function* wholeLines(path: string): AsyncGenerator<readonly [text: string, line: number]> {
  let line = 0
  let rest = ''
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const text of lines) {
        line += 1
        yield [text, line]
      }
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    throw new DataError(`${path} cannot be read: ${(cause as Error).message}.`, {
      remedy: 'Give the folder of a run, and the rights to read it.',
      cause,
    })
  }
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
  throw malformed(place, firstIssue(parsed.error), parsed.error)
}

function malformed({ path, line }: Place, what: string, cause?: unknown): DataError {
  return new DataError(`${path}, line ${line}: ${what}.`, {
    remedy: 'Restore the file, or remove the line if you know how it came there.',
    cause,
  })
}
