import type { CertificationRow } from './certification-log'
import type { Evidence } from './outcome'

/** A column of a row that does not follow from its votes. */
export interface RowProblem {
  readonly column: string
  readonly logged: string | number
  /** What follows from the votes. */
  readonly expected: string | number
}

export type Check = (row: CertificationRow, evidence: Evidence) => RowProblem | undefined

/** Rounding of other machines moves a bound or a radius by less than this share of it. */
export const RELATIVE = 1e-9

export function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= RELATIVE * Math.max(Math.abs(a), Math.abs(b), 1e-3)
}
