import { closeSync, openSync, writeSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, FtCadisError } from '../errors'

/** What a run leaves behind: `config.json`, `metrics.jsonl`, `checkpoints/`. */
export const RUN_PARTS = ['config.json', 'metrics.jsonl', 'checkpoints'] as const

export interface RunFolderOptions {
  /** What `config.json` says: the resolved configuration, versions, seed, commit. */
  readonly config: unknown
  /** What to do where an earlier run has left something. Default `refuse`. */
  readonly existing?: 'refuse' | 'replace'
}

/** The folder of one run. */
export class RunFolder implements Disposable {
  readonly #metrics: number

  private constructor(readonly path: string) {
    this.#metrics = openSync(join(path, 'metrics.jsonl'), 'a')
  }

  /**
   * Makes the folder and writes `config.json`.
   *
   * @throws ConfigError if an earlier run is there and is not to be replaced, or the folder cannot be written
   */
  static async create(path: string, { config, existing = 'refuse' }: RunFolderOptions): Promise<RunFolder> {
    try {
      await mkdir(path, { recursive: true })
      const earlier = (await readdir(path)).filter(name => (RUN_PARTS as readonly string[]).includes(name))
      if (earlier.length > 0 && existing === 'refuse') {
        throw new ConfigError(`The run folder ${path} already holds a run (${earlier.join(', ')}).`, {
          remedy: 'Choose another output folder.',
        })
      }
      for (const part of earlier) await rm(join(path, part), { recursive: true })
      await writeWhole(join(path, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
      return new RunFolder(path)
    } catch (cause) {
      if (cause instanceof FtCadisError) throw cause
      throw new ConfigError(`The run folder ${path} cannot be written: ${(cause as Error).message}.`, {
        remedy: 'Choose an output folder that can be written.',
        cause,
      })
    }
  }

  /** Appends one row to `metrics.jsonl`. */
  log(row: Readonly<Record<string, number | string | readonly string[]>>): void {
    writeSync(this.#metrics, `${JSON.stringify(row)}\n`)
  }

  /** Where the checkpoint of an epoch (counted from 1) belongs. */
  checkpoint(epoch: number): string {
    return join(this.path, 'checkpoints', `epoch-${String(epoch).padStart(2, '0')}`)
  }

  [Symbol.dispose](): void {
    closeSync(this.#metrics)
  }
}

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, content)
  await rename(temporary, path)
}
