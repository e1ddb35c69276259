import { createHash, type Hash } from 'node:crypto'
import { openRegular, type Refuse, refuseData } from './read-text'
import type { SystemPath } from './system-path'

/**
 * Returns the SHA-256 of a file of any size, in hexadecimal digits.
 *
 * @throws DataError if it is missing, cannot be read, or is not a regular file
 */
export async function fileHash(path: SystemPath): Promise<string> {
  return (await hashOfStart(path)).digest('hex')
}

/**
 * Returns the SHA-256 of the first bytes of a file as a hash that accepts more data.
 *
 * @param options - `bytes`: how many, all by default; `refuse`: creates the error for a reason that follows the name of the file, by default a
 *   DataError
 * @throws the error of `refuse` for a file that is missing, cannot be read, has fewer bytes, or is not a regular file
 */
export async function hashOfStart(
  path: SystemPath,
  { bytes, refuse = refuseData(String(path)) }: { bytes?: number; refuse?: Refuse } = {},
): Promise<Hash> {
  const file = await openRegular(path, refuse)
  if (file === undefined) throw refuse('is missing')
  try {
    const { size } = await file.stat()
    if (bytes !== undefined && size < bytes) throw refuse(`has ${size} bytes, expected ${bytes} or more`)
    const hash = createHash('sha256')
    if (bytes === 0) return hash
    const end = bytes === undefined ? Number.POSITIVE_INFINITY : bytes - 1
    for await (const part of file.createReadStream({ end, autoClose: false })) hash.update(part)
    return hash
  } finally {
    await file.close()
  }
}
