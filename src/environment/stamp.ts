import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * What `setup` writes into a `.venv` of its own. That the file is there says that the environment may be emptied and
 * made again; one without it is the user's, and is never changed unasked.
 */
export interface Stamp {
  /** SHA-256 of the requirements that are installed; null from the first change until the last has succeeded. */
  readonly requirements: string | null
  /** The Python it was made with, as `major.minor`: packages are installed for one such version. */
  readonly python: string
}

const UNFINISHED: Stamp = { requirements: null, python: '' }

export const STAMP_NAME = 'ft-cadis-setup.json'

/** The stamp of an environment; undefined if setup did not make it. A damaged stamp reads as unfinished. */
export async function readStamp(environment: string): Promise<Stamp | undefined> {
  try {
    return JSON.parse(await readFile(join(environment, STAMP_NAME), 'utf8')) as Stamp
  } catch (error) {
    return error instanceof SyntaxError ? UNFINISHED : undefined
  }
}

/** `3.11.7` → `3.11`. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.')
}
