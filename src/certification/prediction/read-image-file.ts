import { resolve } from 'node:path'
import { megabytes, openRegular } from '../../files/read-text'
import { shownPath, systemPath } from '../../files/system-path'
import type { ImageProblem, ImageTransform } from '../../torch'
import { UnusableImageError } from './unusable-image'

/** Default size limit of a file in megabytes. */
const MOST_MEGABYTES = 200

/**
 * Reads the content of an image file.
 *
 * @throws UnusableImageError if it is missing, cannot be read, is not a regular file, or is larger than the transform allows
 */
export async function readImageFile(path: string, transform: ImageTransform): Promise<Buffer> {
  const name = shownPath(path)
  const refuse = (reason: string, cause?: unknown) =>
    new UnusableImageError(name, { problem: { kind: 'damaged', reason: `it ${reason}` }, cause })
  const file = await openRegular(systemPath(resolve(path)), refuse)
  if (file === undefined) throw refuse('is missing')
  try {
    const { size } = await file.stat()
    requireSize(size, { name, transform })
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** @throws UnusableImageError for more bytes than the transform allows */
export function requireSize(
  bytes: number,
  { name, transform }: { readonly name: string; readonly transform: ImageTransform },
): void {
  const { maxMegabytes = MOST_MEGABYTES } = transform
  if (bytes <= maxMegabytes * 1e6) return
  const problem: ImageProblem = {
    kind: 'pixels',
    reason: `it has ${megabytes(bytes)}, and at most ${maxMegabytes} MB are read`,
  }
  throw new UnusableImageError(name, { problem })
}
