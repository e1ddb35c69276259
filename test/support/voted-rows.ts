import { certifiersOf, type ProcedureSettings } from '../../src/certification/procedure'
import { formatRow, LOG_HEADER, rowOf } from '../../src/logs/certification-log'
import type { CertificationConfiguration } from '../../src/logs/certification-log-metadata'
import { gaussianBound } from '../../src/statistics/bound'
import { configuration as ofTests } from '../analysis/logs'

/** Logs of every procedure, as it makes them of votes with given shares. */

export const PROCEDURES: Readonly<Record<string, ProcedureSettings>> = {
  certify: { kind: 'certify' },
  sized: { kind: 'sized', maxRadiusLoss: 0.05, block: 16 },
  'at-radius': { kind: 'at-radius', radius: 0.5, rounds: [20, 200, 2000], beta: 0.01 },
  grid: { kind: 'grid', radii: [0, 0.25, 0.5, 0.75], block: 16, worth: 10_000 },
}

export const configurationOf = (kind: string) =>
  ({
    ...ofTests,
    ...{ sigma: 0.5, certifiedSigma: 0.5, bound: 'gaussian', n0: 100, n: 2000, alpha: 0.001 },
    procedure: PROCEDURES[kind],
  }) as unknown as CertificationConfiguration

/** Rows as the certifier makes them of votes with these shares for class 1. */
export function rowsFor(kind: string, shares: readonly number[]) {
  const { n0, n, alpha } = configurationOf(kind)
  const certifier = certifiersOf(PROCEDURES[kind] as ProcedureSettings, {
    ...{ bound: gaussianBound(0.5), n0, n, alpha },
  })('class')
  return shares.map((share, index) => {
    const steps = certifier.begin()
    let step = steps.next([])
    while (!step.done) {
      step = steps.next(
        step.value.map(({ count }) => {
          const hits = Math.round(count * share)
          return [count - hits, hits, 0]
        }),
      )
    }
    const image = { index, label: 1, durationMs: 1, digest: '0123456789abcdef' }
    return rowOf(image, step.value)
  })
}

export const SHARES = [0.3, 0.52, 0.6, 0.8, 0.9, 0.97, 1]
export const text = (lines: readonly string[]) => [LOG_HEADER, ...lines].map(line => `${line}\n`).join('')
export const logOf = (kind: string) => text(rowsFor(kind, SHARES).map(formatRow))
const columns = LOG_HEADER.split('\t')

/** The log with one field of the row of an image changed. */
export function tampered(
  kind: string,
  index: number,
  column: string,
  change: (field: string) => string,
): string {
  const [header = '', ...lines] = logOf(kind).trimEnd().split('\n')
  const fields = (lines[index] ?? '').split('\t')
  const position = columns.indexOf(column)
  lines[index] = fields.with?.(position, change(fields[position] ?? '')).join('\t') ?? ''
  return [header, ...lines].map(line => `${line}\n`).join('')
}
