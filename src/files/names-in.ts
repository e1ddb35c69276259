import { readdir } from 'node:fs/promises'

/**
 * The names in a folder; none where it does not exist.
 *
 * @throws the system's error where it cannot be read
 */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}
