import { ABSTAIN } from '../../src/logs/abstain'
import { type LoggedRow, rowOf } from '../../src/logs/certification-log'

/** A row as CERTIFY leaves it, with 900 of 1000 votes for its candidate. */
export function loggedRow({
  index,
  label = 1,
  prediction = 1,
  radius = 0.5,
  durationMs = 10,
}: { readonly index: number } & Partial<
  Pick<LoggedRow, 'label' | 'prediction' | 'radius' | 'durationMs'>
>): LoggedRow {
  const candidate = prediction === ABSTAIN ? 1 : prediction
  const evidence = {
    ...{
      candidate,
      candidateCount: 900,
      runnerUp: candidate === 0 ? 1 : 0,
      runnerUpCount: 90,
      n0: 100,
      n: 1000,
    },
    ...{ lowerBound: 0.8684, selection: { [candidate]: 100 } },
  }
  return rowOf(
    { index, label, durationMs, digest: '0123456789abcdef' },
    prediction === ABSTAIN
      ? { kind: 'abstains', evidence }
      : { kind: 'certified', class: prediction, radius, evidence },
  )
}
