import { type AcesRadiusZeroRule, acesFinding, type CertifiedClass } from '../../logs/aces-finding'
import type { Evidence } from '../../logs/outcome'
import type { Bound } from '../../statistics/bound'
import { estimateFromCounts, leadingClass } from '../statistics'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifier'

/** The ballot of the selector. */
export const SELECTOR_BALLOT = 'selector'

/** The line of the core network, which is not smoothed. */
export const CORE_LINE = 'core'

export interface AcesCertifierOptions {
  readonly bound: Bound
  /** Upper bound of the probability of a wrong certificate: half of it for the selector, half for the network. */
  readonly alpha: number
  readonly n0: number
  readonly n: number
  /** Default: sound. */
  readonly radiusZero?: AcesRadiusZeroRule
  /** Names of the ballots of selector and network. */
  readonly selector?: string
  readonly ballot?: string
  /** Name of the core network's line; null without a core, and then no class without a radius. */
  readonly core?: string | null
}

/**
 * ACES (Horváth et al., 2022): a smoothed selector sends an image to a smoothed certification network or to a core network without
 * smoothing. The same noisy copies certify both; the radius is the smaller of the two.
 */
export function acesCertifier({
  bound,
  alpha,
  n0,
  n,
  radiusZero = 'sound',
  selector = SELECTOR_BALLOT,
  ballot = ONLY_BALLOT,
  core = CORE_LINE,
}: AcesCertifierOptions): Certifier {
  return {
    kind: 'aces',
    ballot,
    *begin(): Steps {
      const stages = [
        { stage: 'selection', count: n0 },
        { stage: 'estimation', count: n },
      ]
      const asks = [selector, ballot].flatMap(name => stages.map(ask => ({ ...ask, ballot: name })))
      const [chosen = [], chosenOf = [], selection = [], estimation = []] = yield asks
      const choice = estimateFromCounts(chosen, chosenOf, { alpha: alpha / 2 })
      const network = estimateFromCounts(selection, estimation, { alpha: alpha / 2 })
      const evidence: Evidence = { ...network, parts: [{ of: 'selector', ...choice }] }
      const known = { selector: certified(choice, bound), network: certified(network, bound) }
      // Used only if it can make a difference.
      const settled = acesFinding(known, radiusZero)
      if (settled !== undefined || core === null) return { ...(settled ?? { kind: 'abstains' }), evidence }
      const [votes = []] = yield [{ line: core, ballot, stage: 'unsmoothed', count: 1 }]
      const unsmoothed = leadingClass(votes)
      const finding = acesFinding({ ...known, core: unsmoothed }, radiusZero) ?? { kind: 'abstains' }
      return { ...finding, evidence: { ...evidence, unsmoothed } }
    },
  }
}

function certified(
  { candidate, lowerBound }: { readonly candidate: number; readonly lowerBound: number },
  bound: Bound,
): CertifiedClass | undefined {
  return lowerBound < 0.5 ? undefined : { class: candidate, radius: bound.radius(lowerBound) }
}
