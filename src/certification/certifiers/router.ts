import { type Evidence, type EvidencePart, expertName, ROUTER } from '../../logs/outcome'
import type { Bound } from '../../statistics/bound'
import { alphaOfPart, decideRouter, expertsAsked, requireRouter } from '../../statistics/router'
import { ABSTAIN, estimateFromCounts, leadingClass, predictFromCounts } from '../statistics'
import { type Ask, type Certifier, ONLY_BALLOT, type Steps } from './certifier'

/** A smoothed classifier of a router: the router itself, or an expert. */
export interface RoutedLine {
  /** Name of its line. */
  readonly line: string
  readonly bound: Bound
}

export interface RouterCertifierOptions {
  /** Its classes are the positions of the experts. */
  readonly router: RoutedLine
  readonly experts: readonly RoutedLine[]
  /** Upper bound of the probability of a wrong certificate: half of it for the bound of each network. */
  readonly alpha: number
  readonly n0: number
  readonly n: number
  /** Radius of the router's choice below which all experts vote. Default 0: only if it abstains. */
  readonly agreement?: number
  readonly ballot?: string
}

/**
 * A smoothed router chooses among several smoothed experts. The choice holds within the radius of the router, the class within that of the
 * expert. If the choice is not certain enough, all experts vote; a class that they agree on holds whatever the router chooses.
 *
 * @throws ConfigError as `requireRouter`
 */
export function routerCertifier({
  router,
  experts,
  alpha,
  n0,
  n,
  agreement = 0,
  ballot = ONLY_BALLOT,
}: RouterCertifierOptions): Certifier {
  const rule = { router: router.bound, experts: experts.map(({ bound }) => bound), agreement }
  requireRouter(rule, { alpha })
  return {
    kind: 'router',
    ballot,
    *begin(): Steps {
      const [chosen = [], choosing = []] = yield asksOf(router, { n0, n })
      const each = { alpha: alphaOfPart(alpha) }
      const choice = estimateFromCounts(chosen, choosing, each)
      const asked = expertsAsked(choice, rule)
      const tallies = yield asked.flatMap(expert => asksOf(experts[expert], { n0, n }))
      const verdicts = asked.map((_, place) =>
        estimateFromCounts(tallies[2 * place] ?? [], tallies[2 * place + 1] ?? [], each),
      )
      const own = Math.max(0, asked.indexOf(choice.candidate))
      const others = asked.flatMap((expert, place): EvidencePart[] =>
        place === own ? [] : [{ of: expertName(expert), ...(verdicts[place] as Evidence) }],
      )
      const evidence: Evidence = {
        ...(verdicts[own] as Evidence),
        parts: [{ of: ROUTER, ...choice }, ...others],
      }
      return { ...decideRouter(choice, verdicts, rule), evidence }
    },
  }
}

export interface RouterPredictOptions extends Pick<RouterCertifierOptions, 'alpha' | 'n0' | 'n' | 'ballot'> {
  readonly router: Pick<RoutedLine, 'line'>
  readonly experts: readonly Pick<RoutedLine, 'line'>[]
}

/**
 * PREDICT for a router: returns the class of the chosen expert, without a radius, or abstains. Both networks are tested at half of alpha,
 * with the certifier's estimation votes.
 */
export function routerPredictCertifier({
  router,
  experts,
  alpha,
  n0,
  n,
  ballot = ONLY_BALLOT,
}: RouterPredictOptions): Certifier {
  return {
    kind: 'predict',
    ballot,
    *begin(): Steps {
      const [choosing = []] = yield asksOf(router, { n0, n }).slice(1)
      const choice = predictFromCounts(choosing, { alpha: alpha / 2 })
      const expert = leadingClass(choosing)
      const [votes = []] = yield asksOf(experts[expert], { n0, n }).slice(1)
      const { prediction, topClass, topCount, ...tested } = predictFromCounts(votes, { alpha: alpha / 2 })
      const part: EvidencePart = {
        ...{ of: ROUTER, candidate: choice.topClass, candidateCount: choice.topCount },
        ...{ runnerUp: choice.runnerUp, runnerUpCount: choice.runnerUpCount, n0: 0, n },
      }
      const evidence = {
        ...{ candidate: topClass, candidateCount: topCount, ...tested, n0: 0, n },
        parts: [part],
      }
      return choice.prediction === ABSTAIN || prediction === ABSTAIN
        ? { kind: 'abstains', evidence }
        : { kind: 'predicted', class: prediction, evidence }
    },
  }
}

function asksOf(
  asked: Pick<RoutedLine, 'line'> | undefined,
  { n0, n }: { readonly n0: number; readonly n: number },
): Ask[] {
  if (asked === undefined) throw new TypeError('The router has more classes than there are experts.')
  const { line } = asked
  return [
    { line, stage: 'selection', count: n0 },
    { line, stage: 'estimation', count: n },
  ]
}
