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
 * What a run leaves behind. Whatever else is in its folder is not the run's, and is never removed. Metrics are first and
 * checkpoints last, so that a run that was moved aside in part alone is never taken for one that can be resumed.
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

/** Begins the name of a folder that holds the parts of a run until the one in its place has a checkpoint. */
const REPLACED = '.replaced-'

const LOCK = 'run.lock'

/** What `state.json` says. */
export interface RunState {
  readonly state: 'running' | 'interrupted' | 'failed' | 'finished'
  /** Updates since the run began. */
  readonly step: number
  readonly steps: number
  /** Updates of the whole run, where `stopAfterUpdates` has ended it before. */
  readonly planned?: number
  /** Why it ended where it was not to end. */
  readonly message?: string
  /** The name of the newest checkpoint; null where there is none so far. Absent in earlier versions. */
  readonly checkpoint?: string | null
  /** The launch that began the run or resumed it last, by the names of its machines. Absent where none did. */
  readonly launchIds?: readonly string[]
}

/** The folder of one run, while one process writes to it. */
export class RunFolder {
  #metrics: FileHandle | undefined
  /** Of what the run has written to its metrics. */
  #written: { bytes: number; hash: Hash } = { bytes: 0, hash: createHash('sha256') }

  private constructor(
    readonly path: string,
    readonly lock: Lock,
    /** Parts of an earlier run that are there. */
    readonly earlier: readonly string[],
  ) {}

  /**
   * Makes the folder if need be and locks it. Nothing in it is changed yet.
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
   * Begins the run, or a further part of it: writes `state.json` and `config.json`, and opens `metrics.jsonl`. An earlier
   * run in the folder that is not resumed is moved aside; {@link removeReplaced} removes it.
   *
   * @param config - The resolved configuration, versions, seed, commit.
   * @param options.resumed - How much of the metrics of an earlier part stays; null for a new run.
   * @throws DataError if `metrics.jsonl` has less than that, or something else
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

  /** Removes what the run has taken the place of. Call once it has a checkpoint, or has ended. */
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
   * Resolves to what `metrics.jsonl` is, which is on the disk then. Where somebody has removed, moved or replaced the file
   * under the run, it is put back as the run has written it. Where somebody has cut it or added to it, it is taken as it is,
   * with a warning.
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

  /** Leaves a record of an update that was not taken, and returns its path. */
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

  /** Where checkpoints are. */
  get checkpoints(): string {
    return join(this.path, 'checkpoints')
  }

  /** Lets go of the folder. */
  async close(): Promise<void> {
    await this.#metrics?.close()
    this.#metrics = undefined
    await this.lock.release()
  }
}

function startOf({ bytes, hash }: { bytes: number; hash: Hash }): Required<MetricsStart> {
  return { metricsBytes: bytes, metricsSha256: hash.copy().digest('hex') }
}

/** With all above it. Where that fails, the reason is the file system's own: a recursive mkdir may report another one. */
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
