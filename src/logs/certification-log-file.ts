import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, DataError } from '../errors'
import { diskRemedy } from '../files/disk-remedy'
import { pathAfresh, refusalOf } from '../files/earlier-format'
import { isFolder } from '../files/exists'
import type { Lock } from '../files/lock'
import { readText } from '../files/read-text'
import { cutOff } from '../files/regular-file'
import { writeDurably } from '../files/write'
import {
  type CertificationRow,
  formatRow,
  LOG_HEADER,
  type LoggedRow,
  type ParsedLog,
  parseLog,
  rowParser,
} from './certification-log'
import {
  LOG_FORMAT,
  type LogMetadata,
  metadataPath,
  readMetadata,
  requireSameConfiguration,
  saysData,
} from './certification-log-metadata'
import { certifyCommand } from './certify-command'
import { parseIndices } from './image-plan'
import { contentOf, openLog, requirePlanned } from './log-to-continue'

export interface CertificationLog extends ParsedLog {
  readonly file: string
  /** The content of `<log>.json`; absent for logs of other programs. */
  readonly metadata?: LogMetadata
}

/**
 * Reads a log and its `<log>.json`, if it exists.
 *
 * @throws DataError if the log cannot be read or is malformed, see `parseLog`
 */
export async function readCertificationLog(path: string): Promise<CertificationLog> {
  if (await isFolder(path)) {
    throw new DataError(`${path} is a folder, expected a certification log.`, {
      remedy: `Name the logs in it, for instance ${join(path, '*.tsv')}.`,
    })
  }
  const text = await readText(path)
  if (text === undefined) {
    throw new DataError(`The certification log ${path} does not exist.`, { remedy: 'Check the path.' })
  }
  const metadata = await readMetadata(path)
  const parsed = parseLog(text, { file: path, configuration: metadata?.configuration })
  return { file: path, ...parsed, ...(metadata && { metadata }) }
}

/** Returns the planned images without a row, in the order of the plan; none without a plan. */
export function missingImages({ rows, metadata }: CertificationLog): number[] {
  if (metadata?.plan === undefined) return []
  const done = new Set(rows.map(({ index }) => index))
  return parseIndices(metadata.plan.images).filter(index => !done.has(index))
}

/**
 * Appends rows to a certification log. A run can be killed at any moment and continue: a row is on disk when `append`
 * returns, and a row truncated by a kill is dropped when the log is opened again. While it is open, no other writer can
 * open it.
 */
export class CertificationLogWriter implements AsyncDisposable {
  /** The rows from earlier runs. */
  readonly earlierRows: readonly CertificationRow[]
  /** Whether the log describes its data; those of earlier versions do not. */
  readonly saysData: boolean
  /** Whether an earlier run was interrupted within a row, which was dropped. */
  readonly droppedPartialRow: boolean
  readonly #file: string
  readonly #handle: FileHandle
  readonly #lock: Lock
  readonly #indices: Set<number>
  #isOpen = true

  private constructor(
    file: string,
    earlier: ParsedLog & Pick<CertificationLogWriter, 'saysData'>,
    { handle, held }: { handle: FileHandle; held: Lock },
  ) {
    this.#file = file
    this.#handle = handle
    this.#lock = held
    this.#indices = new Set(earlier.rows.map(({ index }) => index))
    this.earlierRows = earlier.rows
    this.saysData = earlier.saysData
    this.droppedPartialRow = earlier.partial !== undefined
  }

  /**
   * Creates the log and its `<log>.json`, or continues them. A log may continue with another plan that includes all of
   * its rows; `<log>.json` then has the new plan.
   *
   * @throws ConfigError listing the differences if the log has another configuration; if it has another format, no
   * configuration, or images that are not planned; and while another process writes it
   * @throws DataError if the log cannot be read or written, or is malformed, see `parseLog`
   */
  static async open(path: string, metadata: NewLogMetadata): Promise<CertificationLogWriter> {
    const { earlier, ...opened } = await openLog(path, () => prepare(path, metadata))
    return new CertificationLogWriter(path, earlier, opened)
  }

  /** Returns whether the image has a row. */
  has(index: number): boolean {
    return this.#indices.has(index)
  }

  /**
   * Writes one row and returns when it is on disk. Await each call before the next.
   *
   * @throws DataError if the image already has a row, if the row could not be read back, if another process has taken
   * over the log, or if writing fails; after a failed write the log is closed
   */
  async append(row: LoggedRow): Promise<void> {
    const line = formatRow(row)
    if (this.has(row.index)) {
      throw new DataError(`Image ${row.index} has a row in ${this.#file} already.`, {
        remedy: 'Ask has(index) before certifying an image.',
      })
    }
    rowParser(LOG_HEADER, this.#file)(line, this.#indices.size + 2)
    if (this.#isOpen) this.#lock.requireHeld()
    this.#indices.add(row.index)
    try {
      await this.#handle.appendFile(`${line}\n`)
      await this.#handle.datasync()
    } catch (cause) {
      await this.close()
      throw new DataError(
        `The row of image ${row.index} cannot be written to ${this.#file}: ${(cause as Error).message}.`,
        {
          remedy: `${diskRemedy(cause)}, then certify again: the log continues after its last whole row.`,
          cause,
        },
      )
    }
  }

  /** Closes the file and lets others write it; a second call does nothing. */
  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#handle.close()
    await this.#lock.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Creates or validates log and metadata, and drops a truncated row. Returns the content of the log. */
async function prepare(
  path: string,
  metadata: NewLogMetadata,
): Promise<ParsedLog & Pick<CertificationLogWriter, 'saysData'>> {
  const { text, logged } = await contentOf(path)
  if (logged !== undefined) {
    requireFormat(path, logged)
    requireSameConfiguration(path, logged.configuration, metadata.configuration)
    requireSameConfiguration(path, { share: logged.share ?? null }, { share: metadata.share ?? null })
  } else await writeMetadata(path, metadata)
  if (text === undefined) await writeDurably(path, `${LOG_HEADER}\n`)
  const earlier = parseLog(text ?? `${LOG_HEADER}\n`, {
    file: path,
    configuration: logged?.configuration,
  })
  if (text !== undefined && !text.startsWith(`${LOG_HEADER}\n`)) {
    throw new ConfigError(`The log ${path} has other columns than this version writes: ${LOG_HEADER}.`, {
      remedy: 'Choose another log file.',
    })
  }
  requirePlanned(path, { plan: metadata.plan, rows: earlier.rows }, 'certified')
  if (logged !== undefined) await continuePlan(path, { logged, plan: metadata.plan })
  if (text !== undefined && earlier.partial !== undefined) {
    await cutOff(path, { bytes: Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)) })
  }
  return { ...earlier, saysData: saysData((logged ?? metadata).configuration) }
}

/**
 * Requires the current format.
 *
 * @throws ConfigError for a log of an earlier version, with the command that certifies again
 */
export function requireFormat(path: string, metadata: LogMetadata): void {
  const { format } = metadata
  if (format === LOG_FORMAT) return
  const { message, remedy } = refusalOf({
    ...{ what: `The log ${path}`, format, current: LOG_FORMAT, not: 'continued' },
    afresh: certifyCommand(metadata, { output: pathAfresh(path) }),
  })
  throw new ConfigError(message, { remedy })
}

/** The metadata of a new log. */
export type NewLogMetadata = Omit<LogMetadata, 'format'>

/** Updates the plan in the metadata of a continued log; other metadata stay, including the notes of the first run. */
export async function continuePlan(
  path: string,
  { logged, plan }: { readonly logged: LogMetadata; readonly plan: LogMetadata['plan'] },
): Promise<void> {
  if (plan === undefined || logged.plan?.images === plan.images) return
  await writeMetadata(path, { ...logged, plan })
}

/** Writes the metadata of a log atomically. */
export async function writeMetadata(logPath: string, metadata: NewLogMetadata): Promise<void> {
  const content = { format: LOG_FORMAT, ...metadata }
  await writeDurably(metadataPath(logPath), `${JSON.stringify(content, null, 2)}\n`)
}
