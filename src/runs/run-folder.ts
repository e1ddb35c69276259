import { closeSync, fsyncSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, DataError, FtCadisError } from '../errors'
import { type Lock, lock } from '../files/lock'
import { writeDurably, writeWhole } from '../files/write'

/** What a run leaves behind. Whatever else is in its folder is not the run's, and is never removed. */
export const RUN_PARTS = [
  'config.json',
  'state.json',
  'metrics.jsonl',
  'checkpoints',
  'non-finite',
  'tensorboard',
  'samples',
  'report.html',
] as const

const LOCK = 'run.lock'

/** What `state.json` says. */
export interface RunState {
  readonly state: 'running' | 'interrupted' | 'failed' | 'finished'
  /** Updates since the run began. */
  readonly step: number
  readonly steps: number
  /** Why it ended where it was not to end. */
  readonly message?: string
}

/** The folder of one run, while one process writes to it. */
export class RunFolder {
  #metrics: number | undefined

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
   * Begins the run, or a further part of it: writes `config.json` and opens `metrics.jsonl`.
   *
   * @param config - The resolved configuration, versions, seed, commit.
   * @param metricsBytes - How much of the metrics of an earlier part stays; with 0 everything of it is removed first.
   */
  async begin(config: unknown, { metricsBytes }: { metricsBytes: number }): Promise<void> {
    try {
      if (metricsBytes === 0) {
        for (const part of this.earlier) await rm(join(this.path, part), { recursive: true, force: true })
      }
      await writeDurably(join(this.path, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
      this.#metrics = openSync(join(this.path, 'metrics.jsonl'), 'a')
      ftruncateSync(this.#metrics, metricsBytes)
    } catch (cause) {
      throw cannotWrite(this.path, cause)
    }
  }

  /** Appends one row to `metrics.jsonl`. */
  log(row: object): void {
    try {
      if (this.#metrics !== undefined) writeSync(this.#metrics, `${JSON.stringify(row)}\n`)
    } catch (cause) {
      throw new DataError(`${this.metricsPath} cannot be written: ${(cause as Error).message}.`, {
        remedy: 'Make room, then resume from the last checkpoint.',
        cause,
      })
    }
  }

  /** Bytes of `metrics.jsonl`, which are on the disk when this returns. */
  syncMetrics(): number {
    if (this.#metrics === undefined) return 0
    fsyncSync(this.#metrics)
    return statSync(this.metricsPath).size
  }

  async writeState(state: RunState): Promise<void> {
    const content = { ...state, updatedAt: new Date().toISOString() }
    await writeWhole(join(this.path, 'state.json'), `${JSON.stringify(content, null, 2)}\n`)
  }

  /** Leaves a record of an update that was not taken, and returns its path. */
  async writeNonFinite(step: number, record: object): Promise<string> {
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
    if (this.#metrics !== undefined) closeSync(this.#metrics)
    this.#metrics = undefined
    await this.lock.release()
  }
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
