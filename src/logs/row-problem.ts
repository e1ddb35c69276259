import type { CertificationRow } from './certification-log'
import type { Evidence } from './outcome'

/** A column of a row that does not follow from its votes. */
export interface RowProblem {
  readonly column: string
  readonly logged: string | number
  /** The value recomputed from the votes. */
  readonly expected: string | number
}

export type Check = (row: CertificationRow, evidence: Evidence) => RowProblem | undefined

/** Other machines' rounding changes a bound or a radius by less than this share of it. */
export const RELATIVE = 1e-9

export function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= RELATIVE * Math.max(Math.abs(a), Math.abs(b), 1e-3)
}

/** Checks the class chosen by the selection. */
export function problemOfCandidate({
  selection,
  candidate,
}: {
  readonly selection: Evidence['selection'] | undefined
  readonly candidate: number
}): RowProblem | undefined {
  const counts = Object.entries(selection ?? {}).map(([label, votes]) => [Number(label), votes] as const)
  const [leading] = counts.reduce(
    ([label, most], [other, votes]) =>
      votes > most || (votes === most && other < label) ? [other, votes] : [label, most],
    [Number.POSITIVE_INFINITY, 0] as readonly [number, number],
  )
  return counts.length === 0 || leading === candidate
    ? undefined
    : { column: 'candidate', logged: candidate, expected: leading }
}

/** Compares a logged bound with the recomputed one. */
export function problemOfBound(logged: number | undefined, computed: number): RowProblem | undefined {
  return logged === undefined || isClose(logged, computed)
    ? undefined
    : { column: 'evidence', logged: `lowerBound ${logged}`, expected: `lowerBound ${computed}` }
}
