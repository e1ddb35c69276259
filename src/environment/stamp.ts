import { join } from 'node:path'
import { readText } from '../files/read-text'

/**
 * What `setup` writes into its own `.venv`. That the file is there says that the environment may be emptied and
 * made again; one without it is the user's, and is never changed unasked.
 */
export interface Stamp {
  /** SHA-256 of the requirements that are installed; null from the first change until the last has succeeded. */
  readonly requirements: string | null
  /** The Python it was made with, as `major.minor`: packages are installed for one such version. */
  readonly python: string
  /** What `setup --with` has added, which later calls keep. Absent: nothing. */
  readonly extras?: readonly string[]
}

const UNFINISHED: Stamp = { requirements: null, python: '' }

export const STAMP_NAME = 'ft-cadis-setup.json'

/** The stamp of an environment; undefined if setup did not make it. A damaged stamp reads as unfinished. */
export async function readStamp(environment: string): Promise<Stamp | undefined> {
  // What is there and no file that can be read is nothing that setup has written.
  const text = await readText(join(environment, STAMP_NAME), { most: 100_000 }).catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Stamp
  } catch {
    return UNFINISHED
  }
}

/** `3.11.7` → `3.11`. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.')
}
