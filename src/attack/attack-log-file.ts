import type { FileHandle } from 'node:fs/promises'
import { DataError } from '../errors'
import { diskRemedy } from '../files/disk-remedy'
import type { Lock } from '../files/lock'
import { readText } from '../files/read-text'
import { cutOff } from '../files/regular-file'
import { writeDurably } from '../files/write'
import { continuePlan, type NewLogMetadata, writeMetadata } from '../logs/certification-log-file'
import {
  type LogMetadata,
  metadataPath,
  readMetadata,
  requireSameConfiguration,
} from '../logs/certification-log-metadata'
import { contentOf, openLog, requirePlanned } from '../logs/log-to-continue'
import { ATTACK_LOG_HEADER, type AttackRow, formatAttackRow, parseAttacks } from './attack-log'

/** The content of an attack log, and how its rows were made. */
export interface AttackLog {
  readonly file: string
  readonly rows: readonly AttackRow[]
  readonly metadata: LogMetadata
}

/**
 * Reads an attack log and its `<log>.json`.
 *
 * @throws DataError if either is missing or malformed
 */
export async function readAttackLog(path: string): Promise<AttackLog> {
  const text = await readText(path)
  const metadata = await readMetadata(path)
  if (text === undefined || metadata === undefined) {
    throw new DataError(
      `The file ${text === undefined ? path : metadataPath(path)} does not exist, expected an attack log.`,
      {
        remedy: 'Check the path.',
      },
    )
  }
  return { file: path, rows: parseAttacks(text, { file: path }).rows, metadata }
}

/** Appends rows to an attack log: when `append` returns, the row is on disk. Excludes other writers. */
export class AttackLogWriter implements AsyncDisposable {
  /** Rows of earlier runs. */
  readonly earlier: readonly AttackRow[]
  readonly #path: string
  readonly #file: FileHandle
  readonly #lock: Lock

  private constructor(
    path: string,
    earlier: readonly AttackRow[],
    { file, held }: { file: FileHandle; held: Lock },
  ) {
    this.#path = path
    this.earlier = earlier
    this.#file = file
    this.#lock = held
  }

  /**
   * Creates the log and its `<log>.json`, or continues them. A log may continue with another plan that includes all of its rows.
   *
   * @throws ConfigError with the differences if it was started with another configuration, if it has images outside the plan, or while
   *   another process writes it; DataError if it is malformed or cannot be written
   */
  static async open(path: string, metadata: NewLogMetadata): Promise<AttackLogWriter> {
    const { earlier, handle, held } = await openLog(path, () => prepare(path, metadata))
    return new AttackLogWriter(path, earlier.rows, { file: handle, held })
  }

  async append(row: AttackRow): Promise<void> {
    this.#lock.requireHeld()
    try {
      await this.#file.appendFile(`${formatAttackRow(row)}\n`)
      await this.#file.datasync()
    } catch (cause) {
      throw cannotWrite(this.#path, cause)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
    await this.#lock.release()
  }
}

async function prepare(path: string, metadata: NewLogMetadata): Promise<ReturnType<typeof parseAttacks>> {
  const { text, logged } = await contentOf(path)
  if (logged !== undefined) requireSameConfiguration(path, logged.configuration, metadata.configuration)
  const earlier = parseAttacks(text ?? `${ATTACK_LOG_HEADER}\n`, { file: path })
  requirePlanned(path, { plan: metadata.plan, rows: earlier.rows }, 'attacked')
  if (logged === undefined) await writeMetadata(path, metadata)
  else await continuePlan(path, { logged, plan: metadata.plan })
  if (text === undefined) await writeDurably(path, `${ATTACK_LOG_HEADER}\n`)
  else if (earlier.wholeBytes < Buffer.byteLength(text)) {
    // A line that a kill truncated is written again.
    await cutOff(path, { bytes: earlier.wholeBytes }).catch(cause => {
      throw cannotWrite(path, cause)
    })
  }
  return earlier
}

function cannotWrite(path: string, cause: unknown): DataError {
  return new DataError(`The log ${path} cannot be written: ${(cause as Error).message}.`, {
    remedy: `${diskRemedy(cause)}, then give the same command: the log continues after its last whole row.`,
    cause,
  })
}
