import { readdir } from 'node:fs/promises'
import { DataError } from '../errors'

/**
 * Returns the names in a folder; none if it does not exist.
 *
 * @throws DataError if it cannot be read
 */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw new DataError(`${folder} cannot be listed: ${error.message}.`, {
      remedy: 'Correct its permissions, or move what is not a folder away.',
      cause: error,
    })
  })
}
