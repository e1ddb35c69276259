import { z } from 'zod'
import { type Bound, gaussianBound } from '../statistics/bound'
import { decideScale } from '../statistics/cascade'
import { lowerConfidenceBound, upperConfidenceBound } from '../statistics/confidence-bound'
import { errorOfEach, scoreSums, topTwoOfScores } from '../statistics/pixel-dp'
import { acesFinding } from './aces-finding'
import type { JsonObject } from './certification-log-metadata'

import { type Evidence, type EvidencePart, predictionOf, radiusOf } from './outcome'
import { type Check, isClose, problemOfBound, RELATIVE, type RowProblem } from './row-problem'

/** Checks of rows whose statement follows from several bounds: ACES, cascade, PixelDP. */

interface Checked {
  readonly alpha: number
  readonly bound: Bound
  readonly procedure: JsonObject
}

const acesSchema = z.object({
  radiusZero: z.enum(['sound', 'published']).default('sound'),
  core: z.boolean().default(false),
})

/** Recomputes the bounds of selector and network at half of alpha, and their finding together with the core. */
export function acesCheck({ alpha, bound, procedure }: Checked): Check | undefined {
  const { data } = acesSchema.safeParse(procedure)
  if (data === undefined) return undefined
  return ({ finding, radius }, evidence) => {
    const selector = evidence.parts?.find(({ of }) => of === 'selector')
    if (selector === undefined)
      return { column: 'evidence', logged: 'without a selector', expected: 'its votes' }
    if (selector.n !== evidence.n) {
      return { column: 'evidence', logged: `n ${selector.n} of the selector`, expected: `n ${evidence.n}` }
    }
    const lowerBounds = [selector, evidence].map(({ candidateCount, n }) =>
      lowerConfidenceBound(candidateCount, n, { alpha: alpha / 2 }),
    )
    for (const [place, logged] of [selector.lowerBound, evidence.lowerBound].entries()) {
      const problem = problemOfBound(logged, lowerBounds[place] ?? 0)
      if (problem !== undefined) return problem
    }
    const part = ({ candidate }: Pick<Evidence, 'candidate'>, lowerBound = 0) =>
      lowerBound < 0.5 ? undefined : { class: candidate, radius: bound.radius(lowerBound) }
    const [ofSelector, ofNetwork] = lowerBounds
    const parts = { selector: part(selector, ofSelector), network: part(evidence, ofNetwork) }
    const { unsmoothed: core } = evidence
    const found = acesFinding({ ...parts, ...(core !== undefined && { core }) }, data.radiusZero)
    if (found === undefined && data.core) {
      return { column: 'evidence', logged: 'without unsmoothed', expected: 'the class of the core' }
    }
    const expected = found ?? { kind: 'abstains' as const }
    if (finding.kind !== expected.kind) {
      return { column: 'outcome', logged: finding.kind, expected: expected.kind }
    }
    if (predictionOf(finding) !== predictionOf(expected)) {
      return { column: 'predict', logged: predictionOf(finding), expected: predictionOf(expected) }
    }
    return problemOfRadius(radius, radiusOf(expected))
  }
}

const cascadeSchema = z.object({
  certifiedSigmas: z.array(z.number().positive()).min(1),
  threshold: z.number().min(0.5).lt(1),
  rule: z.enum(['sound', 'published', 'released']),
  classes: z.int().min(2),
})

/** Recomputes the decision of each noise level from its votes; undefined if the configuration does not say how. */
export function cascadeCheck({ alpha, procedure }: Checked): Check | undefined {
  const { data } = cascadeSchema.safeParse(procedure)
  if (data === undefined) return undefined
  const { classes, certifiedSigmas, threshold, rule } = data
  const bounds = certifiedSigmas.map(gaussianBound)
  const options = { alpha, bounds, threshold, rule }
  return ({ finding, radius }, { parts = [], ...last }) => {
    const drawn: readonly (Evidence | EvidencePart)[] = [...parts, last]
    for (const evidence of drawn) {
      const problem = problemOfCounts(evidence, { n: last.n, classes })
      if (problem !== undefined) return problem
    }
    const visited = drawn.map(({ candidate, counts = {} }) => ({
      candidate,
      counts: Array.from({ length: classes }, (_, label) => counts[label] ?? 0),
    }))
    if (visited.length > bounds.length) {
      return { column: 'evidence', logged: `${visited.length} noise levels`, expected: `${bounds.length}` }
    }
    const decisions = visited.map((_, scale) => decideScale(visited.slice(0, scale + 1), options))
    const early = decisions.slice(0, -1).findIndex(({ verdict }) => verdict !== 'passes')
    if (early >= 0) {
      return { column: 'evidence', logged: `noise level ${early + 2}`, expected: `an end at ${early + 1}` }
    }
    const decision = decisions[decisions.length - 1]
    for (const [scale, { lowerBound }] of drawn.entries()) {
      const problem = problemOfBound(lowerBound, decisions[scale]?.lowerBound ?? 0)
      if (problem !== undefined) return problem
    }
    const found = decision?.verdict === 'answers' && decision.radius >= 0 ? decision.radius : undefined
    const expected =
      found !== undefined ? 'certified' : decision?.verdict === 'straddles' ? 'undecided' : 'abstains'
    if (finding.kind !== expected) return { column: 'outcome', logged: finding.kind, expected }
    return problemOfRadius(radius, found ?? 0)
  }
}

const pixelDpSchema = z.object({
  split: z.enum(['halves', 'published']),
  by: z.enum(['votes', 'scores']).default('votes'),
  classes: z.int().min(2),
})

/** Recomputes the two bounds and the size; undefined if the configuration does not say how. */
export function pixelDpCheck({ alpha: eta, bound, procedure }: Checked): Check | undefined {
  const { data } = pixelDpSchema.safeParse(procedure)
  if (data === undefined) return undefined
  const { split, by, classes } = data
  const each = errorOfEach({ eta, split, by }, classes)
  return ({ finding, radius }, evidence) => {
    const { candidateCount, runnerUpCount, n, scores = {}, ...logged } = evidence
    const tally = by === 'scores' ? tallyOf(scores, { n, classes }) : undefined
    const problemOfSums = tally && problemOfScores(tally, evidence)
    if (problemOfSums !== undefined) return problemOfSums
    const { lowerBound, upperBound } =
      tally !== undefined
        ? topTwoOfScores(scoreSums(tally), { each, others: split === 'halves' ? 'all' : 'runner-up' })
        : {
            lowerBound: lowerConfidenceBound(candidateCount, n, { alpha: each }),
            upperBound: upperConfidenceBound(runnerUpCount, n, { alpha: each }),
          }
    const problem = problemOfBound(logged.lowerBound, Math.max(0, lowerBound))
    if (problem !== undefined) return problem
    const size = lowerBound > upperBound ? bound.radius(lowerBound, upperBound) : 0
    const expected = lowerBound <= upperBound ? 'abstains' : size > 0 ? 'certified' : 'predicted'
    if (finding.kind !== expected) return { column: 'outcome', logged: finding.kind, expected }
    return problemOfRadius(radius, size)
  }
}

/** Returns sums by class, sums of squares by class, and n, [2K + 1]. */
function tallyOf(
  scores: NonNullable<Evidence['scores']>,
  { n, classes }: { readonly n: number; readonly classes: number },
): readonly number[] {
  const of = (place: 0 | 1) => Array.from({ length: classes }, (_, label) => scores[label]?.[place] ?? 0)
  return [...of(0), ...of(1), n]
}

/** Checks that scores in [0, 1] can have these sums, and that the candidate leads. */
function problemOfScores(
  tally: readonly number[],
  { candidate, scores = {} }: Evidence,
): RowProblem | undefined {
  const { n, sums, squares } = scoreSums(tally)
  const wrong = sums.findIndex((sum, label) => {
    const square = squares[label] ?? 0
    return sum > n || square > sum || square * n < sum ** 2 * (1 - RELATIVE)
  })
  const outside = Object.keys(scores).find(label => Number(label) >= sums.length)
  if (wrong >= 0 || outside !== undefined) {
    const label = outside ?? wrong
    return {
      column: 'evidence',
      logged: `scores ${scores[label]} of class ${label}`,
      expected: `those of ${n} copies`,
    }
  }
  const leading = sums.indexOf(Math.max(...sums))
  return leading === candidate ? undefined : { column: 'candidate', logged: candidate, expected: leading }
}

/** Checks that votes by class agree with those of the row. */
function problemOfCounts(
  { candidate, candidateCount, counts = {}, n }: Evidence | EvidencePart,
  expected: { readonly n: number; readonly classes: number },
): RowProblem | undefined {
  const labels = Object.keys(counts).map(Number)
  if ([candidate, ...labels].some(label => label >= expected.classes)) {
    return { column: 'candidate', logged: candidate, expected: `one of ${expected.classes} classes` }
  }
  const total = Object.values(counts).reduce((sum, votes) => sum + votes, 0)
  if (n !== expected.n || total !== n) return { column: 'n', logged: n, expected: total }
  const own = counts[candidate] ?? 0
  return own === candidateCount
    ? undefined
    : { column: 'candidate_count', logged: candidateCount, expected: own }
}

function problemOfRadius(logged: number, computed: number): RowProblem | undefined {
  return isClose(logged, computed) ? undefined : { column: 'radius', logged, expected: computed }
}
