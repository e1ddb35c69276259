import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../errors'

/** Returns the locations for temporary files: `TMPDIR`, or `/tmp` if that does not exist or is read-only. */
export function temporaryPlaces(): readonly string[] {
  return [...new Set([tmpdir(), '/tmp'])]
}

/**
 * Creates a folder with an unguessable name that only this user can access.
 *
 * @throws ConfigError if no folder can be written to
 */
export async function makeTemporaryFolder(prefix: string): Promise<string> {
  let cause: unknown
  for (const place of temporaryPlaces()) {
    try {
      return await mkdtemp(join(place, prefix))
    } catch (error) {
      cause = error
    }
  }
  throw noTemporaryPlace(cause)
}

export function noTemporaryPlace(cause: unknown): ConfigError {
  return new ConfigError(
    `No temporary file can be made in ${temporaryPlaces().join(' or ')}: ${(cause as Error).message}.`,
    { remedy: 'Set TMPDIR to a folder that exists and can be written.', cause },
  )
}
