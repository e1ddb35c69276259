import { type EvidencePart, type Finding, sparseCounts } from '../../logs/outcome'
import type { Bound } from '../../statistics/bound'
import {
  alphaOfScale,
  type CascadeRule,
  decideScale,
  requireCascade,
  type ScaleVotes,
} from '../../statistics/cascade'
import { estimateFromCounts, leadingClass } from '../statistics'
import { type Certifier, ONLY_BALLOT, type Steps } from './certifier'

/** A smoothed classifier of a cascade. */
export interface CascadeScale {
  /** Name of its line. */
  readonly line: string
  readonly sigma: number
  readonly bound: Bound
}

export interface CascadeCertifierOptions {
  /** Largest σ first. */
  readonly scales: readonly CascadeScale[]
  /** Upper bound of the probability of a wrong certificate. */
  readonly alpha: number
  readonly n0: number
  readonly n: number
  /** Halting threshold. Default: 1/2. */
  readonly threshold?: number
  /** Default: sound. */
  readonly rule?: CascadeRule
  /**
   * The line of a classifier for the image without noise, used if nothing is certified. Its class makes no statement, and appears only in
   * the evidence. Default: none.
   */
  readonly clean?: string
  readonly ballot?: string
}

/**
 * Multi-scale smoothing (Jeong and Shin, 2023): returns the result of the first scale at which a class exceeds the threshold. The
 * certificate bounds that class at this scale, and all other classes at the scales before.
 *
 * @throws ConfigError as `requireCascade`
 */
export function cascadeCertifier({
  scales,
  alpha,
  n0,
  n,
  threshold = 0.5,
  rule = 'sound',
  clean,
  ballot = ONLY_BALLOT,
}: CascadeCertifierOptions): Certifier {
  requireCascade(
    scales.map(({ sigma }) => sigma),
    { alpha, threshold, rule },
  )
  const options = { bounds: scales.map(({ bound }) => bound), alpha, threshold, rule }
  return {
    kind: 'cascade',
    ballot,
    *begin(): Steps {
      const votes: ScaleVotes[] = []
      const parts: EvidencePart[] = []
      let finding: Finding = { kind: 'abstains' }
      for (const [stage, { line }] of scales.entries()) {
        const [selection = [], counts = []] = yield [
          { line, stage: 'selection', from: stage * n0, count: n0 },
          { line, stage: 'estimation', from: stage * n, count: n },
        ]
        const found = estimateFromCounts(selection, counts, { alpha: alphaOfScale(stage, options) })
        votes.push({ candidate: found.candidate, counts })
        parts.push({ of: `scale ${stage + 1}`, ...found, counts: sparseCounts(counts) })
        const decision = decideScale(votes, options)
        if (decision.verdict === 'passes') continue
        if (decision.verdict === 'straddles') {
          finding = { kind: 'undecided', why: `scale ${stage + 1} may answer or not` }
        } else if (decision.radius >= 0) {
          finding = { kind: 'certified', class: found.candidate, radius: decision.radius }
        }
        break
      }
      const { of: _of, ...last } = parts[parts.length - 1] as EvidencePart
      const evidence = { ...last, ...(parts.length > 1 && { parts: parts.slice(0, -1) }) }
      if (clean === undefined || finding.kind === 'certified') return { ...finding, evidence }
      const [once = []] = yield [{ line: clean, stage: 'unsmoothed', count: 1 }]
      return { ...finding, evidence: { ...evidence, unsmoothed: leadingClass(once) } }
    },
  }
}
