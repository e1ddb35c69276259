import { ConfigError } from '../errors'
import type { CertificationRow } from '../logs/certification-log'

/** Rows to average, one list per seed. */
export interface AveragedLogs {
  readonly logs: readonly (readonly CertificationRow[])[]
  /** Whether to average logs of different images. Default: false. */
  readonly allowDifferent?: boolean | undefined
}

/**
 * Throws if rows to average are of different images: a log has images that the largest one lacks, or labels or pixels differ. A log may
 * hold part of another, as an interrupted certification leaves it.
 *
 * @param what - Description of the average, for the message.
 * @throws ConfigError that names the image
 */
export function requireOneSetOfImages(what: string, { logs, allowDifferent = false }: AveragedLogs): void {
  if (allowDifferent) return
  const seen = new Map<number, CertificationRow>()
  const [largest = [], ...others] = [...logs].sort((a, b) => b.length - a.length)
  for (const row of largest) seen.set(row.index, row)
  for (const row of others.flat()) {
    const known = seen.get(row.index)
    const difference = known === undefined ? 'is in one of them alone' : differenceOf(known, row)
    if (difference === undefined) continue
    throw new ConfigError(
      `The logs of ${what} would be averaged, but are of different images: image ${row.index} ${difference}.`,
      { remedy: 'Certify the same images with every seed, or set allowDifferent.' },
    )
  }
}

function differenceOf(one: CertificationRow, other: CertificationRow): string | undefined {
  if (one.label !== other.label) return `has the labels ${one.label} and ${other.label}`
  return one.digest === undefined || other.digest === undefined || one.digest === other.digest
    ? undefined
    : `has the digests ${one.digest} and ${other.digest}`
}
