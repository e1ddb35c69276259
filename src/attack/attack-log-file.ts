import type { FileHandle } from 'node:fs/promises'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigError, DataError, FtCadisError } from '../errors'
import { diskRemedy } from '../files/disk-remedy'
import { type Lock, lock } from '../files/lock'
import { readText, readTextFile } from '../files/read-text'
import { openToAppend, requireRegular } from '../files/regular-file'
import { writeDurably } from '../files/write'
import { type NewLogMetadata, writeMetadata } from '../logs/certification-log-file'
import {
  type LogMetadata,
  metadataPath,
  readMetadata,
  requireSameConfiguration,
} from '../logs/certification-log-metadata'
import { formatIndices, parseIndices } from '../logs/image-plan'
import { ATTACK_LOG_HEADER, type AttackRow, formatAttackRow, parseAttacks } from './attack-log'

/** What is in an attack log, and how its rows were made. */
export interface AttackLog {
  readonly file: string
  readonly rows: readonly AttackRow[]
  readonly metadata: LogMetadata
}

/**
 * Reads an attack log and its `<log>.json`.
 *
 * @throws DataError when either is missing or malformed
 */
export async function readAttackLog(path: string): Promise<AttackLog> {
  const text = await readText(path)
  const metadata = await readMetadata(path)
  if (text === undefined || metadata === undefined) {
    throw new DataError(
      `There is no ${text === undefined ? path : metadataPath(path)}, expected an attack log.`,
      {
        remedy: 'Check the path.',
      },
    )
  }
  return { file: path, rows: parseAttacks(text, { file: path }).rows, metadata }
}

/** Appends rows to an attack log: a row that `append` has returned from is on the disk. Nobody else can write it meanwhile. */
export class AttackLogWriter implements AsyncDisposable {
  /** The rows that earlier runs have left. */
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
   * Creates the log and its `<log>.json`, or continues with them. A log may go on with another plan that has all of its rows.
   *
   * @throws ConfigError with the differences when it was begun with another configuration, when it has images that are not
   *   planned, and while another process writes it; DataError when it is malformed or cannot be written
   */
  static async open(path: string, metadata: NewLogMetadata): Promise<AttackLogWriter> {
    let held: Lock | undefined
    try {
      await mkdir(dirname(path), { recursive: true })
      await requireRegular(path)
      held = await lock(`${path}.lock`, `log ${path}`)
      const { rows, wholeBytes } = await prepare(path, metadata)
      const file = await openToAppend(path)
      // A line that a kill has cut off is written again.
      await file.truncate(wholeBytes)
      return new AttackLogWriter(path, rows, { file, held })
    } catch (cause) {
      await held?.release()
      if (cause instanceof FtCadisError) throw cause
      throw cannotWrite(path, cause)
    }
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
  const found = await readTextFile(path)
  if (found !== undefined && found.encoding !== 'UTF-8') {
    throw new ConfigError(
      `The log ${path} is written in ${found.encoding}, which is read but not continued: rows are appended in UTF-8.`,
      { remedy: 'Save it as UTF-8 without a mark, or choose another log file.' },
    )
  }
  const text = found?.text
  const logged = await readMetadata(path)
  if (text !== undefined && logged === undefined) {
    throw new ConfigError(
      `The log ${path} has no ${metadataPath(path)}, so nothing says how its rows were made.`,
      {
        remedy: 'Choose another log file.',
      },
    )
  }
  if (logged !== undefined) requireSameConfiguration(path, logged.configuration, metadata.configuration)
  const earlier = parseAttacks(text ?? `${ATTACK_LOG_HEADER}\n`, { file: path })
  const planned = new Set(parseIndices(metadata.plan?.images ?? ''))
  const others = earlier.rows.map(({ index }) => index).filter(index => !planned.has(index))
  if (others.length > 0) {
    throw new ConfigError(
      `The log ${path} has images that are not to be attacked now: ${formatIndices(others.sort((a, b) => a - b))}.`,
      { remedy: 'Ask for at least the images that the log has, or choose another log file.' },
    )
  }
  if (logged?.plan?.images !== metadata.plan?.images) await writeMetadata(path, metadata)
  if (text === undefined) await writeDurably(path, `${ATTACK_LOG_HEADER}\n`)
  return earlier
}

function cannotWrite(path: string, cause: unknown): DataError {
  return new DataError(`The log ${path} cannot be written: ${(cause as Error).message}.`, {
    remedy: `${diskRemedy(cause)}, then give the same command: the log continues after its last whole row.`,
    cause,
  })
}
