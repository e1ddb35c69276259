import { join } from 'node:path'
import { isAlive, isOfThisMachine, type ProcessIdentity } from '../files/processes'
import { readText } from '../files/read-text'

/**
 * The file that `setup` writes into its own `.venv`. It marks an environment that setup may delete and recreate; one
 * without it is the user's, and is never changed without permission.
 */
export interface Stamp {
  /** SHA-256 of the installed requirements; null while an installation is unfinished. */
  readonly requirements: string | null
  /** The Python that created it, as `major.minor`: packages are installed for one such version. */
  readonly python: string
  /** Extras from `setup --with`, which later calls keep. Absent: none. */
  readonly extras?: readonly string[]
  /** The process that is at work on the environment, or was killed over it. Absent: none, or an earlier version. */
  readonly setup?: ProcessIdentity
}

const UNFINISHED: Stamp = { requirements: null, python: '' }

export const STAMP_NAME = 'ft-cadis-setup.json'

/** Reads the stamp of an environment; undefined if setup did not create it. A damaged stamp counts as unfinished. */
export async function readStamp(environment: string): Promise<Stamp | undefined> {
  // Setup did not write an unreadable file.
  const text = await readText(join(environment, STAMP_NAME), { most: 100_000 }).catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Stamp
  } catch {
    return UNFINISHED
  }
}

/** Returns the process of this machine that is setting up an environment now; undefined if none is known. */
export async function processAtWork({ setup }: Stamp): Promise<ProcessIdentity | undefined> {
  if (!Number.isSafeInteger(setup?.pid) || setup === undefined || !isOfThisMachine(setup)) return undefined
  return (await isAlive(setup)) ? setup : undefined
}

/** Returns `3.11` for `3.11.7`. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.')
}
