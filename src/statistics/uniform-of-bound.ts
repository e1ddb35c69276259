import { randomNumbers, type StreamName } from '../streams'

/**
 * The uniform number on (0, 1] of the randomised bound of an image: apart from all noise, and the same whenever it is asked for.
 *
 * @param stream - the name of the image
 */
export function uniformOfBound(stream: StreamName): number {
  // Of 2^53 numbers: rounded up, so that no probability below one of them is larger than itself.
  return 1 - randomNumbers(...stream, 'bound')()
}
