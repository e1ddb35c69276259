import { createHash, type Hash, randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { type FileHandle, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, DataError, FtCadisError } from '../errors'
import { diskRemedy } from '../files/disk-remedy'
import { hashOfStart } from '../files/hash'
import { type Lock, lock } from '../files/lock'
import { openToAppend } from '../files/regular-file'
import { writeDurably, writeWhole } from '../files/write'
import { type MetricsStart, metricsHash } from './metrics-file'

/**
 * The files of a run. Other files in its folder do not belong to the run, and are never removed. Metrics are first and
 * checkpoints last, so that a partially moved run never looks resumable.
 */
export const RUN_PARTS = [
  'metrics.jsonl',
  'state.json',
  'config.json',
  'non-finite',
  'tensorboard',
  'samples',
  'report.html',
  'checkpoints',
] as const

/** Prefix of a folder that holds the parts of a replaced run until the new one has a checkpoint. */
const REPLACED = '.replaced-'

const LOCK = 'run.lock'

/** The content of `state.json`. */
export interface RunState {
  readonly state: 'running' | 'interrupted' | 'failed' | 'finished'
  /** Updates since the run began. */
  readonly step: number
  readonly steps: number
  /** Updates of the whole run, if `stopAfterUpdates` ended it early. */
  readonly planned?: number
  /** Reason for an unplanned end. */
  readonly message?: string
  /** Name of the newest checkpoint; null if there is none yet. Absent in earlier versions. */
  readonly checkpoint?: string | null
  /** The launch that began or last resumed the run, by the names on its machines. Absent without a launch. */
  readonly launchIds?: readonly string[]
}

/** The folder of one run, while one process writes to it. */
export class RunFolder {
  #metrics: FileHandle | undefined
  /** The metrics that the run has written. */
  #written: { bytes: number; hash: Hash } = { bytes: 0, hash: createHash('sha256') }

  private constructor(
    readonly path: string,
    readonly lock: Lock,
    /** Existing parts of an earlier run. */
    readonly earlier: readonly string[],
  ) {}

  /**
   * Creates the folder if needed and locks it. Changes nothing in it yet.
   *
   * @throws ConfigError if it cannot be written, or another process writes to it
   */
  static async open(path: string): Promise<RunFolder> {
    try {
      await makeFolder(path)
      const earlier = (await readdir(path)).filter(name => (RUN_PARTS as readonly string[]).includes(name))
      return new RunFolder(path, await lock(join(path, LOCK), `run folder ${path}`), earlier)
    } catch (cause) {
      throw cannotWrite(path, cause)
    }
  }

  /**
   * Begins or resumes the run: writes `state.json` and `config.json`, and opens `metrics.jsonl`. An earlier run in the
   * folder that is not resumed is moved aside; {@link removeReplaced} removes it.
   *
   * @param config - The resolved configuration, versions, seed, commit.
   * @param options - `resumed`: The metrics of an earlier part to keep; null for a new run
   * @throws DataError if `metrics.jsonl` is shorter or different
   */
  async begin(
    config: unknown,
    { resumed, state }: { resumed: MetricsStart | null; state: RunState },
  ): Promise<void> {
    try {
      this.lock.requireHeld()
      if (resumed === null) await this.#moveAside()
      else {
        const hash = await metricsHash(this.metricsPath, resumed)
        this.#written = { bytes: resumed.metricsBytes, hash }
      }
      await this.#writeState(state)
      await writeDurably(join(this.path, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
      this.#metrics = await openToAppend(this.metricsPath)
      await this.#metrics.truncate(resumed?.metricsBytes ?? 0)
    } catch (cause) {
      throw cannotWrite(this.path, cause)
    }
  }

  async #moveAside(): Promise<void> {
    const replaced = join(this.path, `${REPLACED}${randomUUID()}`)
    const parts = RUN_PARTS.filter(part => this.earlier.includes(part))
    if (parts.length > 0) await mkdir(replaced)
    for (const part of parts) await rename(join(this.path, part), join(replaced, part))
  }

  /** Removes the run that this one replaces. Call it once this run has a checkpoint, or has ended. */
  async removeReplaced(): Promise<void> {
    this.lock.requireHeld()
    for (const name of await readdir(this.path)) {
      if (name.startsWith(REPLACED)) await rm(join(this.path, name), { recursive: true, force: true })
    }
  }

  /** Appends one row to `metrics.jsonl`. */
  log(row: object): void {
    this.lock.requireHeld()
    try {
      if (this.#metrics === undefined) return
      const line = Buffer.from(`${JSON.stringify(row)}\n`)
      for (let done = 0; done < line.length; ) done += writeSync(this.#metrics.fd, line, done)
      this.#written.hash.update(line)
      this.#written.bytes += line.length
    } catch (cause) {
      throw new DataError(`${this.metricsPath} cannot be written: ${(cause as Error).message}.`, {
        remedy: `${diskRemedy(cause)}, then resume the run.`,
        cause,
      })
    }
  }

  /**
   * Syncs `metrics.jsonl` to disk and resolves to its length and hash. If the file was removed, moved or replaced during
   * the run, it is restored as the run wrote it. If it was truncated or extended, it is kept as it is, with a warning.
   */
  async syncMetrics(): Promise<Required<MetricsStart>> {
    if (this.#metrics === undefined) return startOf(this.#written)
    this.lock.requireHeld()
    const own = await this.#metrics.stat()
    const named = await stat(this.metricsPath).catch(() => undefined)
    if (named === undefined || named.ino !== own.ino || named.dev !== own.dev) await this.#putBack(own.size)
    await this.#metrics.sync()
    if (own.size !== this.#written.bytes) {
      process.emitWarning(
        `${this.metricsPath} was changed under the run: it has ${own.size} bytes, and the run has written ${this.#written.bytes}.`,
      )
      this.#written = { bytes: own.size, hash: await hashOfStart(this.metricsPath, { bytes: own.size }) }
    }
    return startOf(this.#written)
  }

  async #putBack(bytes: number): Promise<void> {
    if (this.#metrics === undefined) return
    const content = Buffer.alloc(bytes)
    await this.#metrics.read(content, { position: 0 })
    await writeDurably(this.metricsPath, content)
    await this.#metrics.close()
    this.#metrics = await openToAppend(this.metricsPath)
  }

  async writeState(state: RunState): Promise<void> {
    this.lock.requireHeld()
    await this.#writeState(state)
  }

  async #writeState(state: RunState): Promise<void> {
    const content = { ...state, updatedAt: new Date().toISOString() }
    await writeWhole(join(this.path, 'state.json'), `${JSON.stringify(content, null, 2)}\n`)
  }

  /** Writes a record of a skipped update, and returns its path. */
  async writeNonFinite(step: number, record: object): Promise<string> {
    this.lock.requireHeld()
    const folder = join(this.path, 'non-finite')
    await mkdir(folder, { recursive: true })
    const path = join(folder, `step-${String(step).padStart(6, '0')}.json`)
    await writeWhole(path, `${JSON.stringify(record, null, 2)}\n`)
    return path
  }

  /** Whether the run, or this part of it, has begun. */
  get hasBegun(): boolean {
    return this.#metrics !== undefined
  }

  get metricsPath(): string {
    return join(this.path, 'metrics.jsonl')
  }

  /** The folder of checkpoints. */
  get checkpoints(): string {
    return join(this.path, 'checkpoints')
  }

  /** Closes and unlocks the folder. */
  async close(): Promise<void> {
    await this.#metrics?.close()
    this.#metrics = undefined
    await this.lock.release()
  }
}

function startOf({ bytes, hash }: { bytes: number; hash: Hash }): Required<MetricsStart> {
  return { metricsBytes: bytes, metricsSha256: hash.copy().digest('hex') }
}

/**
 * Creates a folder and its parents. On failure throws the original error of the file system; a recursive mkdir may report
 * another one.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') await mkdir(path, { recursive: true })
    else if (code !== 'EEXIST') throw error
  }
}

function cannotWrite(path: string, cause: unknown): Error {
  if (cause instanceof FtCadisError) return cause
  return new ConfigError(`The run folder ${path} cannot be written: ${(cause as Error).message}.`, {
    remedy: 'Choose an output folder that can be written.',
    cause,
  })
}
