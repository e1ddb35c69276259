import type { Ask, Certifier, Steps, Tally } from '../certification/certifiers/certifier'
import { type Looked, type ProcedureSettings, scaleLine } from '../certification/procedure'
import type { Line } from '../certification/queue/line'
import { leadingClass } from '../certification/statistics'

import { SELECTED } from '../logs/aces-finding'
import { expertName, ROUTER, sparseCounts } from '../logs/outcome'

import type { Bound } from '../statistics/bound'
import { alphaOfScale } from '../statistics/cascade'
import { alphaOfPart } from '../statistics/router'

/** The smoothed classifier under attack, and the procedure that states its class. */
export interface AskedClassifier {
  readonly procedure: ProcedureSettings
  readonly lines: Readonly<Record<string, Line>>
  readonly looked: Looked
  /** Bound of each noise level. */
  readonly bounds: readonly [Bound, ...Bound[]]
  /** K. */
  readonly classes: number
}

/** Returns the share of votes that a procedure needs for a class, and the α of its bound. */
export function neededShare(
  { procedure, bounds }: Pick<AskedClassifier, 'procedure' | 'bounds'>,
  alpha: number,
): { readonly threshold: number; readonly alpha: number } {
  if (procedure.kind === 'aces') return { threshold: 0.5, alpha: alpha / 2 }
  if (procedure.kind === 'router') return { threshold: 0.5, alpha: alphaOfPart(alpha) }
  if (procedure.kind !== 'cascade') return { threshold: 0.5, alpha }
  const { threshold, rule } = procedure
  return { threshold, alpha: alphaOfScale(bounds.length - 1, { bounds, alpha, rule }) }
}

/** Counts votes of `count` copies without making a statement: the evidence holds them as those of a selection. */
export function countingCertifier(asked: AskedClassifier, count: number): Certifier {
  return {
    kind: 'frequencies',
    ballot: asked.looked.ballot ?? '',
    *begin(): Steps {
      const votes = yield* votesOfAnswer(asked, count)
      const candidate = leadingClass(votes)
      const runnerUp = leadingClass(votes, candidate)
      const evidence = {
        ...{ candidate, candidateCount: votes[candidate] ?? 0 },
        ...{ runnerUp, runnerUpCount: votes[runnerUp] ?? 0 },
        ...{ n0: 0, n: count, selection: sparseCounts(votes) },
      }
      return { kind: 'undecided', why: 'votes were counted, and nothing was tested', evidence }
    },
  }
}

/** Returns the votes of the network, noise level or expert that would decide. */
function* votesOfAnswer(
  { procedure, looked: { selector, core } }: AskedClassifier,
  count: number,
): Generator<readonly Ask[], Tally, readonly Tally[]> {
  const ask = { stage: 'search', count }
  if (procedure.kind === 'cascade') {
    let last: Tally = []
    for (const scale of procedure.sigmas.keys()) {
      const [votes = []] = yield [{ ...ask, line: scaleLine(scale) }]
      if (Math.max(...votes) > procedure.threshold * count) return votes
      last = votes
    }
    return last
  }
  if (procedure.kind === 'router') {
    const [choice = []] = yield [{ ...ask, line: ROUTER }]
    const [votes = []] = yield [{ ...ask, line: expertName(leadingClass(choice)) }]
    return votes
  }
  if (procedure.kind !== 'aces' || selector === undefined) {
    const [votes = []] = yield [ask]
    return votes
  }
  const [chosen = [], votes = []] = yield [{ ...ask, ballot: selector }, ask]
  if (leadingClass(chosen) === SELECTED.certification) return votes
  // Without a core nothing is stated: no class has more than half of the votes.
  if (core === undefined) return votes.map(own => Math.floor(own / 2))
  const [once = []] = yield [{ line: core, stage: 'unsmoothed', count: 1 }]
  // As if all copies had the class of the core.
  return once.map(vote => vote * count)
}
