import { FtCadisError } from '../errors'
import { type Encoding, encodingOf, textDecoder } from './encoding'
import { megabytes, notText, openRegular, type Refuse } from './read-text'

/** Characters of a line, at most: the longest rows that this package writes have some thousands. */
export const MOST_LINE_CHARACTERS = 10_000_000

/** Bytes of a file that is read line by line, at most. */
const MOST_BYTES = 4_000_000_000

/**
 * The lines of a text file that people bring, in UTF-8 or UTF-16, with their numbers from 1 and without their end. A last
 * line without its end is left out.
 *
 * @param refuse - Makes the error for a reason that follows the name of the file.
 * @throws what `refuse` makes for a file that is missing, cannot be read, is not a regular file or not text, and for a line or a
 *   file that is too long
 */
export async function* readLines(
  path: string,
  refuse: Refuse,
): AsyncGenerator<readonly [text: string, line: number]> {
  const file = await openRegular(path, refuse)
  if (file === undefined) throw refuse('is missing')
  let encoding: Encoding = 'UTF-8'
  try {
    const { size } = await file.stat()
    if (size > MOST_BYTES)
      throw refuse(`has ${megabytes(size)}, and at most ${megabytes(MOST_BYTES)} are read`)
    let line = 0
    let decoder: ReturnType<typeof textDecoder> | undefined
    // Pieces of a line that has not ended: joined once, or a long line would be copied for each piece.
    let pieces: string[] = []
    let length = 0
    for await (const bytes of file.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) {
      if (decoder === undefined) {
        encoding = encodingOf(bytes)
        decoder = textDecoder(encoding)
      }
      const chunk = decoder.decode(bytes, { stream: true })
      let start = 0
      for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
        const text = [...pieces, chunk.slice(start, end)].join('')
        pieces = []
        length = 0
        start = end + 1
        line += 1
        yield [text.endsWith('\r') ? text.slice(0, -1) : text, line]
      }
      pieces.push(chunk.slice(start))
      length += chunk.length - start
      if (length > MOST_LINE_CHARACTERS) {
        throw refuse(
          `has a line, number ${line + 1}, of more than ${MOST_LINE_CHARACTERS / 1e6} million characters`,
        )
      }
    }
  } catch (cause) {
    if (cause instanceof FtCadisError) throw cause
    throw cause instanceof TypeError
      ? refuse(notText(encoding), cause)
      : refuse(`cannot be read: ${(cause as Error).message}`, cause)
  } finally {
    await file.close()
  }
}
