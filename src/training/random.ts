import { streamSeed } from '../torch'

/**
 * Uniform numbers in [0, 1) that depend on a name alone: mulberry32, seeded by the name of a stream.
 *
 * @param name - seed, place in the run, purpose
 */
export function randomNumbers(...name: readonly (string | number)[]): () => number {
  let state = streamSeed(...name) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
