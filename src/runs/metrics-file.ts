import type { Hash } from 'node:crypto'
import { DataError } from '../errors'
import { hashOfStart } from '../files/hash'
import { isObject } from '../files/read-json'
import { openRegular, type Refuse } from '../files/read-text'

/** Longer than any row. */
const TAIL_BYTES = 2 ** 24

/** The part of `metrics.jsonl` that belongs to a run. */
export interface MetricsStart {
  readonly metricsBytes: number
  /** SHA-256 of these bytes, in hexadecimal digits. Absent in checkpoints of earlier versions, which are not compared. */
  readonly metricsSha256?: string
}

/**
 * Verifies that `metrics.jsonl` begins with the bytes recorded in a checkpoint, and that these end with the row of its
 * step.
 *
 * @throws DataError if it is missing, shorter, changed, or another file
 */
export async function requireMetrics(path: string, { step, ...start }: MetricsStart & { step: number }) {
  const { metricsBytes } = start
  const lines = (await readTail(path, metricsBytes)).split('\n')
  const isWhole = lines.pop() === ''
  const last = isWhole ? stepOf(lines.at(-1) ?? '') : undefined
  if (last !== step) {
    throw refusalOf(path)(
      `has no row of step ${step}, which the checkpoint was written at, at the end of its first ${metricsBytes} bytes`,
    )
  }
  await metricsHash(path, start)
}

/**
 * Returns the SHA-256 of the metrics that belong to a run, as a hash that accepts further rows.
 *
 * @throws DataError if the file is missing, shorter or changed
 */
export async function metricsHash(
  path: string,
  { metricsBytes, metricsSha256 }: MetricsStart,
): Promise<Hash> {
  const refuse = refusalOf(path)
  const hash = await hashOfStart(path, { bytes: metricsBytes, refuse })
  if (metricsSha256 === undefined || hash.copy().digest('hex') === metricsSha256) return hash
  throw refuse(`was changed in the ${metricsBytes} bytes that it had at the checkpoint`)
}

async function readTail(path: string, bytes: number): Promise<string> {
  const refuse = refusalOf(path)
  const file = await openRegular(path, refuse)
  if (file === undefined) throw refuse('is missing')
  try {
    const tail = Buffer.alloc(Math.min(bytes, TAIL_BYTES))
    const { bytesRead } = await file.read(tail, { position: bytes - tail.length })
    if (bytesRead < tail.length) {
      throw refuse(`has ${(await file.stat()).size} bytes, and had ${bytes} at the checkpoint`)
    }
    return tail.toString()
  } finally {
    await file.close()
  }
}

function stepOf(line: string): unknown {
  try {
    const row: unknown = JSON.parse(line)
    return isObject(row) ? row.step : undefined
  } catch {
    return undefined // a line that is not JSON has no step
  }
}

function refusalOf(path: string): Refuse {
  return (reason, cause) =>
    new DataError(`The run cannot be resumed with this ${path}: it ${reason}.`, {
      remedy: 'Restore the file as the run left it, or begin a new run in another output folder.',
      cause,
    })
}
