import type { Bound } from '../../statistics/bound'
import { uniformOfBound } from '../../statistics/uniform-of-bound'
import { certifyFromCounts, type LowerBound } from '../statistics'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifier'

export interface CohenOptions {
  readonly bound: Bound
  /** Probability of a wrong certificate, at most. */
  readonly alpha: number
  /** Noisy copies that pick the class. */
  readonly n0: number
  /** Fresh noisy copies that bound its probability. */
  readonly n: number
  /** Of its probability; default that of Clopper and Pearson. */
  readonly lowerBound?: LowerBound
  /** Whether the bound is the randomised one, with a number of the image's stream. Default false. */
  readonly randomised?: boolean | undefined
  readonly ballot?: string
}

/** CERTIFY (Cohen et al., 2019): the class and a radius, or it abstains. */
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
