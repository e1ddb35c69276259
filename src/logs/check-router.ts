import { z } from 'zod'
import { gaussianBound } from '../statistics/bound'
import { lowerConfidenceBound } from '../statistics/confidence-bound'
import { alphaOfPart, decideRouter, expertsAsked } from '../statistics/router'
import type { JsonObject } from './certification-log-metadata'
import { expertName, ROUTER } from './outcome'
import { type Check, isClose, problemOfBound, problemOfCandidate } from './row-problem'

const routerSchema = z.object({
  agreement: z.number().min(0),
  certifiedSigmas: z.array(z.number().positive()).min(2),
  router: z.object({ certifiedSigma: z.number().positive() }),
})

/** Recomputes bounds and decision of router and experts from their votes; undefined if the configuration does not say how. */
export function routerCheck({
  alpha,
  procedure,
}: {
  readonly alpha: number
  readonly procedure: JsonObject
}): Check | undefined {
  const { data } = routerSchema.safeParse(procedure)
  if (data === undefined) return undefined
  const { agreement, certifiedSigmas, router } = data
  const rule = {
    ...{ agreement, experts: certifiedSigmas.map(gaussianBound) },
    router: gaussianBound(router.certifiedSigma),
  }
  return ({ finding, radius }, { parts = [], ...own }) => {
    const [first, ...others] = parts
    if (first?.of !== ROUTER) return { column: 'evidence', logged: 'not a router', expected: 'its votes' }
    const drawn = [first, own, ...others]
    const bounds: number[] = []
    for (const { n, candidate, candidateCount, selection, lowerBound: logged } of drawn) {
      if (n !== own.n) return { column: 'n', logged: n, expected: own.n }
      const lowerBound = lowerConfidenceBound(candidateCount, n, { alpha: alphaOfPart(alpha) })
      bounds.push(lowerBound)
      const problem = problemOfCandidate({ selection, candidate }) ?? problemOfBound(logged, lowerBound)
      if (problem !== undefined) return problem
    }
    const verdicts = drawn.map(({ candidate }, place) => ({ candidate, lowerBound: bounds[place] ?? 0 }))
    const [choice, chosen, ...further] = verdicts as [Verdict, Verdict, ...Verdict[]]
    const asked = expertsAsked(choice, rule)
    const names = asked.filter(expert => expert !== choice.candidate).map(expertName)
    const found = others.map(({ of }) => of)
    if (found.join() !== names.join()) {
      return { column: 'evidence', logged: named(found), expected: named(names) }
    }
    const inOrder = asked.map(expert => (expert === choice.candidate ? chosen : further.shift()))
    const decision = decideRouter(choice, inOrder as Verdict[], rule)
    if (finding.kind !== decision.kind) {
      return { column: 'outcome', logged: finding.kind, expected: decision.kind }
    }
    const expected = decision.kind === 'certified' ? decision.radius : 0
    return isClose(radius, expected) ? undefined : { column: 'radius', logged: radius, expected }
  }
}

type Verdict = { readonly candidate: number; readonly lowerBound: number }

function named(experts: readonly string[]): string {
  return experts.length === 0 ? 'no further expert' : experts.join(', ')
}
