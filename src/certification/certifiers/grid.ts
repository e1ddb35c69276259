import type { GridCertification } from '../adaptive'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifier'
import { drawVotes } from './draw-votes'

export interface GridCertifierOptions {
  /** Shared by all images and ballots: its tests take seconds to compute. */
  readonly certification: GridCertification
  /** Noisy copies that choose the class. */
  readonly n0: number
  readonly ballot?: string
}

/** Returns the class and the radii of a grid at which it is certified, with as many votes as the decisions need; or abstains. */
export function gridCertifier({ certification, n0, ballot = ONLY_BALLOT }: GridCertifierOptions): Certifier {
  return {
    kind: 'grid',
    ballot,
    *begin(): Steps {
      const run = certification.begin()
      const { evidence: drawn, draws } = yield* drawVotes(run, { n0 })
      const { abstains, decisions } = run.certificate
      const evidence = { ...drawn, look: draws.estimation.length, looks: draws.estimation }
      if (abstains) return { kind: 'abstains', evidence }
      const radii = decisions.flatMap(({ radius, isCertified }) => (isCertified ? [radius] : []))
      return { kind: 'certified-at', class: evidence.candidate, radii, refused: [], evidence }
    },
  }
}
