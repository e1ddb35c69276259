import type { SizedCertification } from '../adaptive'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifier'
import { drawVotes } from './draw-votes'

export interface SizedCertifierOptions {
  /** Shared by all images and ballots. */
  readonly certification: SizedCertification
  /** Noisy copies that choose the class. */
  readonly n0: number
  readonly ballot?: string
}

/** Returns the class and a radius, with as many votes as a pilot finds necessary; or abstains. */
export function sizedCertifier({
  certification,
  n0,
  ballot = ONLY_BALLOT,
}: SizedCertifierOptions): Certifier {
  return {
    kind: 'sized',
    ballot,
    *begin(): Steps {
      const run = certification.begin()
      const { evidence: drawn, draws } = yield* drawVotes(run, { n0 })
      const { abstains, radius, planned } = run.certificate
      const evidence = { ...drawn, pilots: draws.pilot, planned }
      return abstains
        ? { kind: 'abstains', evidence }
        : { kind: 'certified', class: evidence.candidate, radius, evidence }
    },
  }
}
