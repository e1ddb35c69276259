import type { EvidencePart } from '../../logs/outcome'
import { type AtRadiusOptions, decideRound, requireAtRadius } from '../../statistics/at-radius'
import { estimateFromCounts } from '../statistics'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifier'

export interface AtRadiusCertifierOptions extends AtRadiusOptions {
  /** Noisy copies that choose the class, in each round. */
  readonly n0: number
  readonly ballot?: string
}

/**
 * Adaptive sampling at one radius (Horváth et al., 2022): decides whether the class is certified there, in rounds of increasing votes. Each
 * round selects and estimates with fresh votes. Certificates are wrong with probability at most alpha, refusals with at most beta. The
 * image stays undecided if the last round does not certify it.
 *
 * @throws as `requireAtRadius`
 */
export function atRadiusCertifier({
  n0,
  ballot = ONLY_BALLOT,
  ...options
}: AtRadiusCertifierOptions): Certifier {
  requireAtRadius(options)
  const { radius, rounds, alpha } = options
  return {
    kind: 'at-radius',
    ballot,
    *begin(): Steps {
      const parts: EvidencePart[] = []
      for (let round = 0; ; round += 1) {
        // Noise is named by the number of earlier votes, as in other adaptive certifications: rounds share no noise.
        const [selection = [], estimation = []] = yield [
          { stage: 'selection', from: round * n0, count: n0 },
          { stage: 'estimation', from: votesBefore(rounds, round), count: rounds[round] as number },
        ]
        const found = estimateFromCounts(selection, estimation, { alpha: alpha / rounds.length })
        const { verdict } = decideRound(found.candidateCount, { ...options, round })
        const evidence = parts.length === 0 ? found : { ...found, parts }
        const label = found.candidate
        if (verdict === 'certified')
          return { kind: 'certified-at', class: label, radii: [radius], refused: [], evidence }
        if (verdict === 'refused')
          return { kind: 'certified-at', class: label, radii: [], refused: [radius], evidence }
        if (round === rounds.length - 1) return { kind: 'undecided', why: 'no round decided', evidence }
        parts.push({ of: `round ${round + 1}`, ...found })
      }
    },
  }
}

function votesBefore(rounds: readonly number[], round: number): number {
  return rounds.slice(0, round).reduce((total, n) => total + n, 0)
}
