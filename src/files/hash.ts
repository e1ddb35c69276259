import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { SystemPath } from './system-path'

/** SHA-256 of a file of any size, in hexadecimal digits. */
export async function fileHash(path: SystemPath): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
