import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a file requested on the command line atomically, and creates its folder.
 *
 * @throws ConfigError if it cannot be written
 */
export async function writeOutput(path: string, content: string | Buffer): Promise<void> {
  const { ConfigError, FtCadisError } = require('../errors') as typeof import('../errors')
  const { writeWhole } = require('../files/write') as typeof import('../files/write')
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeWhole(path, content)
  } catch (cause) {
    if (cause instanceof FtCadisError) throw cause
    throw new ConfigError(`${path} cannot be written: ${(cause as Error).message}.`, {
      remedy: 'Name a file that can be written.',
      cause,
    })
  }
}
