import { ABSTAIN } from '../../src/logs/abstain'
import { type LoggedRow, rowOf } from '../../src/logs/certification-log'
import { gaussianBound } from '../../src/statistics/bound'
import { lowerConfidenceBound } from '../../src/statistics/confidence-bound'

const VOTES = { certified: 900, abstaining: 400 }

/** A row as CERTIFY leaves it of 1000 votes, at σ = 0.5 and α = 0.001 unless another radius is given. */
export function loggedRow({
  index,
  label = 1,
  prediction = 1,
  radius,
  durationMs = 10,
}: { readonly index: number } & Partial<
  Pick<LoggedRow, 'label' | 'prediction' | 'radius' | 'durationMs'>
>): LoggedRow {
  const candidate = prediction === ABSTAIN ? 1 : prediction
  const candidateCount = prediction === ABSTAIN ? VOTES.abstaining : VOTES.certified
  const lowerBound = lowerConfidenceBound(candidateCount, 1000, { alpha: 0.001 })
  const evidence = {
    ...{ candidate, candidateCount, runnerUp: candidate === 0 ? 1 : 0, runnerUpCount: 90, n0: 100, n: 1000 },
    ...{ lowerBound, selection: { [candidate]: 100 } },
  }
  return rowOf(
    { index, label, durationMs, digest: '0123456789abcdef' },
    prediction === ABSTAIN
      ? { kind: 'abstains', evidence }
      : {
          ...{ kind: 'certified', class: prediction, evidence },
          radius: radius ?? gaussianBound(0.5).radius(lowerBound),
        },
  )
}
