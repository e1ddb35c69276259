import type { SizedCertification } from '../adaptive'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifier'
import { drawVotes } from './draw-votes'

export interface SizedCertifierOptions {
  /** Shared by all images and ballots. */
  readonly certification: SizedCertification
  /** Noisy copies that pick the class. */
  readonly n0: number
  readonly ballot?: string
}

/** The class and a radius, from as many votes as a pilot says that the radius takes; or it abstains. */
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
