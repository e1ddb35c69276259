import { join } from 'node:path'
import { isAlive, isOfThisMachine, type ProcessIdentity } from '../files/processes'
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
  /** The process that is at work on the environment, or was killed over it. Absent: none, or an earlier version. */
  readonly setup?: ProcessIdentity
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

/** The process of this machine that is setting up an environment now; undefined where none is known. */
export async function processAtWork({ setup }: Stamp): Promise<ProcessIdentity | undefined> {
  if (!Number.isSafeInteger(setup?.pid) || setup === undefined || !isOfThisMachine(setup)) return undefined
  return (await isAlive(setup)) ? setup : undefined
}

/** `3.11.7` → `3.11`. */
export function minorVersion(version: string): string {
  return version.split('.', 2).join('.')
}
