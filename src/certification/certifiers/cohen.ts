import type { Bound } from '../../statistics/bound'
import { uniformOfBound } from '../../statistics/uniform-of-bound'
import { certifyFromCounts, type LowerBound } from '../statistics'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifier'

export interface CohenOptions {
  readonly bound: Bound
  /** Upper bound of the probability of a wrong certificate. */
  readonly alpha: number
  /** Noisy copies that choose the class. */
  readonly n0: number
  /** Fresh noisy copies that bound its probability. */
  readonly n: number
  /** Lower bound of its probability; default that of Clopper and Pearson. */
  readonly lowerBound?: LowerBound
  /** Whether to use the randomised bound, with a number from the image's stream. Default false. */
  readonly randomised?: boolean | undefined
  readonly ballot?: string
}

/** CERTIFY (Cohen et al., 2019): returns the class and a radius, or abstains. */
export function cohenCertifier({
  n0,
  n,
  ballot = ONLY_BALLOT,
  randomised = false,
  ...options
}: CohenOptions): Certifier {
  return {
    kind: 'certify',
    ballot,
    *begin(stream): Steps {
      if (randomised && stream === undefined) {
        throw new TypeError('A randomised bound takes a number of the stream of the image.')
      }
      const [selection = [], estimation = []] = yield [
        { stage: 'selection', count: n0 },
        { stage: 'estimation', count: n },
      ]
      const uniform = randomised && stream !== undefined ? uniformOfBound(stream) : undefined
      return certifyFromCounts(selection, estimation, { ...options, uniform })
    },
  }
}
