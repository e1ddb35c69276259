import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ConfigError, DataError } from '../errors'
import {
  type CertificationEntry,
  type CertificationRow,
  formatRow,
  LOG_HEADER,
  type ParsedLog,
  parseLog,
  rowParser,
} from './certification-log'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Everything that decides a row: rows of different configurations do not belong into one log. */
export type CertificationConfiguration = JsonObject & {
  /** Noise level that is certified for, on the [0, 1] pixel scale. */
  readonly sigma: number
  /** Noise level that the denoiser's timestep adds, on the [0, 1] pixel scale; null without a denoiser. */
  readonly realisedSigma: number | null
  readonly n0: number
  readonly n: number
  readonly alpha: number
  readonly dtype: string
  readonly seed: number
}

/** What stands beside a log, in `<log>.json`. */
export interface LogFacts {
  readonly configuration: CertificationConfiguration
  /** What is good to know and decides no row: device, batch size, versions. A run that goes on keeps the first run's. */
  readonly notes?: JsonObject
}

export interface CertificationLog extends ParsedLog {
  readonly file: string
  /** What `<log>.json` says; logs of other programs have none. */
  readonly facts?: LogFacts
}

/** One field in which two configurations differ; undefined where a configuration does not have it. */
export interface ConfigurationDifference {
  readonly field: string
  readonly logged: Json | undefined
  readonly requested: Json | undefined
}

/** Where the facts of a log stand: outside the table, so that any reader of tab-separated values can read that. */
export function factsPath(logPath: string): string {
  return `${logPath}.json`
}

/**
 * Reads a log and, where there is one, its `<log>.json`.
 *
 * @throws DataError when the log cannot be read or is malformed, see `parseLog`
 */
export async function readCertificationLog(path: string): Promise<CertificationLog> {
  const text = await readText(path)
  if (text === undefined) {
    throw new DataError(`There is no certification log ${path}.`, { remedy: 'Check the path.' })
  }
  const facts = await readFacts(path)
  return { file: path, ...parseLog(text, { file: path }), ...(facts && { facts }) }
}

/** Every field in which the two differ, nested fields as `models.classifier`; empty when a log of one may go on with the other. */
export function configurationDifferences(logged: Json, requested: Json): ConfigurationDifference[] {
  const compare = (a: Json | undefined, b: Json | undefined, field: string): ConfigurationDifference[] => {
    if (!isObject(a) || !isObject(b)) {
      return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ field, logged: a, requested: b }]
    }
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap(key =>
      compare(a[key], b[key], field === '' ? key : `${field}.${key}`),
    )
  }
  return compare(logged, requested, '')
}

/**
 * Appends rows to a certification log so that a run can be killed at any moment and go on: a row that `append` has
 * returned from is on the disk, and a row cut short by a kill is dropped when the log is opened again.
 */
export class CertificationLogWriter implements AsyncDisposable {
  /** The rows that earlier runs have left. */
  readonly earlierRows: readonly CertificationRow[]
  /** An earlier run was cut short within a row, which was dropped. */
  readonly droppedPartialRow: boolean
  readonly #file: string
  readonly #handle: FileHandle
  readonly #indices: Set<number>

  private constructor(file: string, handle: FileHandle, earlier: ParsedLog) {
    this.#file = file
    this.#handle = handle
    this.#indices = new Set(earlier.rows.map(({ index }) => index))
    this.earlierRows = earlier.rows
    this.droppedPartialRow = earlier.partial !== undefined
  }

  /**
   * Creates the log and its `<log>.json`, or goes on with them.
   *
   * @throws ConfigError listing the differences when the log was begun with another configuration, or when it says nothing about its own
   * @throws DataError when the log cannot be read or is malformed, see `parseLog`
   */
  static async open(path: string, facts: LogFacts): Promise<CertificationLogWriter> {
    await mkdir(dirname(path), { recursive: true })
    const text = await readText(path)
    const logged = await readFacts(path)
    if (logged !== undefined) requireSameConfiguration(path, logged.configuration, facts.configuration)
    else if (text === undefined) await create(factsPath(path), `${JSON.stringify(facts, null, 2)}\n`)
    else {
      throw new ConfigError(
        `The log ${path} has no ${factsPath(path)}, so nothing says how its rows were certified.`,
        {
          remedy: 'Choose another log file.',
        },
      )
    }
    if (text === undefined) await create(path, `${LOG_HEADER}\n`)
    const earlier = parseLog(text ?? `${LOG_HEADER}\n`, { file: path })
    if (text !== undefined && !text.startsWith(`${LOG_HEADER}\n`)) {
      throw new ConfigError(`The log ${path} has other columns than this version writes: ${LOG_HEADER}.`, {
        remedy: 'Choose another log file.',
      })
    }
    const handle = await open(path, 'a')
    if (text !== undefined && earlier.partial !== undefined) {
      await handle.truncate(Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)))
      await handle.sync()
    }
    return new CertificationLogWriter(path, handle, earlier)
  }

  /** Whether the image has a row. */
  has(index: number): boolean {
    return this.#indices.has(index)
  }

  /**
   * Writes one row and returns when it is on the disk. Await each call before the next.
   *
   * @throws DataError when the image has a row already, when the row could not be read back, or when writing fails; after
   * a failed write the log is closed
   */
  async append(entry: CertificationEntry): Promise<void> {
    const line = formatRow(entry)
    if (this.has(entry.index)) {
      throw new DataError(`Image ${entry.index} has a row in ${this.#file} already.`, {
        remedy: 'Ask has(index) before certifying an image.',
      })
    }
    rowParser(LOG_HEADER, this.#file)(line, this.#indices.size + 2)
    this.#indices.add(entry.index)
    try {
      await this.#handle.appendFile(`${line}\n`)
      await this.#handle.datasync()
    } catch (cause) {
      await this.close()
      throw new DataError(`Writing the row of image ${entry.index} to ${this.#file} failed.`, {
        remedy: 'See the cause; then certify again: the log goes on after its last whole row.',
        cause,
      })
    }
  }

  /** Closes the file; a second call does nothing. */
  async close(): Promise<void> {
    await this.#handle.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function requireSameConfiguration(path: string, logged: Json, requested: Json): void {
  // As JSON holds it, so that a field that is undefined and one that is absent are the same.
  const differences = configurationDifferences(logged, JSON.parse(JSON.stringify(requested)) as Json)
  if (differences.length === 0) return
  const show = (value: Json | undefined) => (value === undefined ? 'absent' : JSON.stringify(value))
  const list = differences.map(d => `  ${d.field}: ${show(d.logged)} in the log, ${show(d.requested)} now`)
  throw new ConfigError(
    `The log ${path} was begun with another configuration, expected the same:\n${list.join('\n')}\n`,
    {
      remedy: 'Set what differs back, or choose another log file.',
    },
  )
}

async function readFacts(logPath: string): Promise<LogFacts | undefined> {
  const path = factsPath(logPath)
  const text = await readText(path)
  if (text === undefined) return undefined
  const refuse = (reason: string, cause?: unknown) =>
    new DataError(`${path} must hold the facts of a certification log: ${reason}.`, {
      remedy: 'Restore the file; without it nothing says how the rows were certified.',
      cause,
    })
  let facts: Json
  try {
    facts = JSON.parse(text) as Json
  } catch (cause) {
    throw refuse('it is no JSON', cause)
  }
  const configuration = isObject(facts) ? facts.configuration : undefined
  if (!isObject(configuration)) throw refuse('it has no configuration')
  for (const field of ['sigma', 'n0', 'n', 'alpha', 'seed']) {
    if (typeof configuration[field] !== 'number') throw refuse(`configuration.${field} is no number`)
  }
  return facts as unknown as LogFacts
}

/** Creates a file in one step: after a crash there is the whole file or none. */
async function create(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  const file = await open(temporary, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  // The new name is on the disk only when the folder is.
  const folder = await open(dirname(resolve(path)))
  await folder.sync().finally(() => folder.close())
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new DataError(`${path} cannot be read.`, { remedy: 'Check the path and its permissions.', cause })
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
