import { FtCadisError } from '../errors'
import { type Encoding, encodingOf, textDecoder } from './encoding'
import { megabytes, notText, openRegular, type Refuse } from './read-text'

/** Longest line in characters; the longest rows of this package have some thousands. */
export const MOST_LINE_CHARACTERS = 10_000_000

/** Largest file in bytes that can be read line by line. */
const MOST_BYTES = 4_000_000_000

/**
 * Yields the lines of a user's text file, in UTF-8 or UTF-16, with their numbers from 1 and without newlines. Omits a
 * last line without a newline.
 *
 * @param refuse - Creates the error for a reason, which follows the name of the file.
 * @throws the error of `refuse` for a file that is missing, cannot be read, is not a regular file or not text, and for a
 * line or a file that is too long
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
    // Pieces of an unfinished line, joined once; otherwise a long line would be copied for each piece.
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
