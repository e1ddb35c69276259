import { createHash } from 'node:crypto'
import { ConfigError } from './errors'

/**
 * The rule by which random numbers follow from names, for what TypeScript draws. `python/ftcadis_host/streams.py` is the
 * same rule for what PyTorch and NumPy draw. Nothing else seeds a generator.
 *
 * The key of a stream is the SHA-256 of its name, written as JSON without spaces in UTF-8. Its bytes are SHA-256(key, 0),
 * SHA-256(key, 1), …, the counter as four bytes, lowest first.
 */

/**
 * Grows with each change of this rule or of the names of streams. Runs and logs record it, and what was begun with
 * another one is not continued.
 */
export const STREAMS_VERSION = 2

/** What runs and logs draw from that record no version. */
export const UNRECORDED_STREAMS_VERSION = 1

/** Whole numbers and text, for instance seed, purpose and place: names that differ give unrelated streams. */
export type StreamName = readonly (string | number)[]

/**
 * The name as both languages write it.
 *
 * @throws ConfigError for a number that is not a safe integer, and for text that UTF-8 has no bytes for
 */
export function checkedName(name: StreamName): StreamName {
  for (const part of name) {
    if (typeof part === 'string' ? !/\p{Surrogate}/u.test(part) : Number.isSafeInteger(part)) continue
    throw new ConfigError(
      `${typeof part === 'string' ? JSON.stringify(part) : part} stands in the name of a random stream, expected whole numbers and well-formed text.`,
      { remedy: 'Name streams by whole numbers and text.' },
    )
  }
  return name
}

/** The key of a stream: 256 bits. */
export function streamKey(name: StreamName): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(checkedName(name)))
    .digest()
}

/** Returns a function that gives the next 32 bytes of a stream at each call. */
export function streamBlocks(name: StreamName): () => Buffer {
  const key = streamKey(name)
  const counter = Buffer.alloc(4)
  let block = 0
  return () => {
    counter.writeUInt32LE(block++)
    return createHash('sha256').update(key).update(counter).digest()
  }
}

/**
 * Uniform numbers in [0, 1) with 53 bits that depend on a name alone.
 *
 * @param name - seed, place in the run, purpose
 * @example
 * const random = randomNumbers(seed, 'train', epoch, update, 'decide')
 * const isKept = random() < 0.5
 */
export function randomNumbers(...name: StreamName): () => number {
  const nextBlock = streamBlocks(name)
  let block = nextBlock()
  let used = 0
  return () => {
    if (used === block.length) {
      block = nextBlock()
      used = 0
    }
    const bits = block.readBigUInt64LE(used) >> 11n
    used += 8
    return Number(bits) / 2 ** 53
  }
}
