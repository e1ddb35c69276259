import { randomNumbers, type StreamName } from '../streams'

/**
 * Returns the uniform number on (0, 1] for an image's randomised bound: independent of all noise, and always the same.
 *
 * @param stream - the name of the image
 */
export function uniformOfBound(stream: StreamName): number {
  // One of 2^53 numbers, rounded up, so that no probability below one of them exceeds itself.
  return 1 - randomNumbers(...stream, 'bound')()
}
