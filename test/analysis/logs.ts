import type { LabelledLog } from '../../src/analysis/runs'
import type { CertificationLog } from '../../src/logs/certification-log-file'
import { rowsOf } from './rows'

export const configuration = {
  classifier: 'net',
  sigma: 0.5,
  realisedSigma: 0.51,
  norm: 'l2',
  // Radii of these logs are chosen by tests, and follow from no votes.
  bound: 'of a test',
  procedure: { kind: 'certify' },
  n0: 100,
  n: 1000,
  alpha: 0.001,
  arithmetic: { dtype: 'float32' },
  seed: 0,
}

/** A log of three images with these radii, all classified correctly; null abstains. */
export function logOf(
  file: string,
  radii: readonly (number | null)[],
  changes: Partial<typeof configuration> | 'undocumented' = {},
): CertificationLog {
  const rows = rowsOf(
    ...radii.map((radius, index) =>
      radius === null ? ([index % 2, 'abstain'] as const) : ([index % 2, index % 2, radius] as const),
    ),
  )
  const metadata =
    changes === 'undocumented'
      ? {}
      : { metadata: { format: 2 as const, configuration: { ...configuration, ...changes } } }
  return { file, rows, ...metadata }
}

export function labelled(label: string, ...logs: readonly CertificationLog[]): LabelledLog[] {
  return logs.map(log => ({ label, log }))
}

/** The log with other metadata beside its configuration: a plan, a share of one, a family-wise α. */
export function withMetadata(log: CertificationLog, changes: object): CertificationLog {
  return { ...log, metadata: { format: 2, configuration, ...log.metadata, ...changes } }
}

export function cutShort(log: CertificationLog): CertificationLog {
  return { ...log, partial: { line: log.rows.length + 2, text: '3\t0' } }
}

/** The log with names of its classes, and which logits these are where the data have some alone. */
export function withClasses(
  log: CertificationLog,
  classNames: readonly string[],
  logits?: readonly number[],
): CertificationLog {
  return withMetadata(log, {
    configuration: { ...configuration, data: { classNames, ...(logits && { logits }) } },
  })
}
