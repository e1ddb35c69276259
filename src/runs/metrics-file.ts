import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { DataError } from '../errors'
import { isObject } from '../files/read-json'

/** More than any row has. */
const TAIL_BYTES = 2 ** 24

/**
 * Checks that `metrics.jsonl` holds what a checkpoint says of it: so many bytes, which end with the row of its step.
 *
 * @throws DataError if it is missing, shorter, or another file
 */
export function requireMetrics(path: string, { metricsBytes, step }: { metricsBytes: number; step: number }) {
  const tail = readTail(path, metricsBytes)
  const lines = tail.split('\n')
  const isWhole = lines.pop() === ''
  const last = isWhole ? stepOf(lines.at(-1) ?? '') : undefined
  if (last === step) return
  throw refusal(
    path,
    `its first ${metricsBytes} bytes do not end with a row of step ${step}, which the checkpoint was written at`,
  )
}

/** @throws DataError if a file is missing, or has fewer bytes */
export function requireBytes(path: string, bytes: number): void {
  readTail(path, bytes)
}

function readTail(path: string, bytes: number): string {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw refusal(path, isMissing ? 'it is missing' : (cause as Error).message, cause)
  }
  try {
    const { size } = fstatSync(file)
    if (size < bytes) throw refusal(path, `it has ${size} bytes, and had ${bytes} at the checkpoint`)
    const tail = Buffer.alloc(Math.min(bytes, TAIL_BYTES))
    readSync(file, tail, 0, tail.length, bytes - tail.length)
    return tail.toString()
  } finally {
    closeSync(file)
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

function refusal(path: string, reason: string, cause?: unknown): DataError {
  return new DataError(`The run cannot be resumed with this ${path}: ${reason}.`, {
    remedy: 'Restore the file as the run left it, or begin a new run in another output folder.',
    cause,
  })
}
