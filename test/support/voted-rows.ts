import { certifiersOf, type ProcedureSettings, procedureBound } from '../../src/certification/procedure'
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
  aces: { kind: 'aces', threshold: 0.5, radiusZero: 'sound' },
  cascade: { kind: 'cascade', sigmas: [0.5, 0.25], threshold: 0.5, rule: 'sound', clean: false },
  'pixel-dp': { kind: 'pixel-dp', split: 'halves' },
  'pixel-dp by scores': { kind: 'pixel-dp', split: 'halves', by: 'scores' },
  router: { kind: 'router', sigma: 0.25, sigmas: [0.5, 1], agreement: 0.1 },
}

/** What stands beside the settings of a procedure. */
const LOGGED: Readonly<Record<string, object>> = {
  cascade: { classes: 3, certifiedSigmas: [0.5, 0.25] },
  'pixel-dp': { classes: 3 },
  'pixel-dp by scores': { classes: 3 },
  router: { classes: 3, certifiedSigmas: [0.5, 1], router: { certifiedSigma: 0.25 } },
}

const boundOfTests = (kind: string) =>
  procedureBound(PROCEDURES[kind] as ProcedureSettings, { noise: 'gaussian', sigma: 0.5 })

export const configurationOf = (kind: string) =>
  ({
    ...ofTests,
    ...{ sigma: 0.5, certifiedSigma: 0.5, n0: 100, n: 2000, alpha: 0.001 },
    bound: boundOfTests(kind).kind,
    procedure: { ...PROCEDURES[kind], ...LOGGED[kind] },
  }) as unknown as CertificationConfiguration

/** Rows as the certifier makes them of votes with these shares for class 1; `third` is that of class 2 at the first noise level. */
export function rowsFor(kind: string, shares: readonly number[], { third = 0 } = {}) {
  const { n0, n, alpha } = configurationOf(kind)
  const certifier = certifiersOf(PROCEDURES[kind] as ProcedureSettings, {
    ...{
      bound: boundOfTests(kind),
      scales: (kind === 'router' ? [0.5, 1, 0.25] : [0.5, 0.25]).map(gaussianBound),
      n0,
      n,
      alpha,
    },
  })()
  return shares.map((share, index) => {
    const steps = certifier.begin()
    let step = steps.next([])
    while (!step.done) {
      step = steps.next(
        step.value.map(({ count, line }) => {
          const others = line === 'scale 2' ? 0 : Math.round(count * third)
          const hits = Math.round((count - others) * share)
          const counts = [count - hits - others, hits, others]
          if (!kind.endsWith('scores')) return counts
          // Scores of 0 or 1.
          return [...counts.map(sum => sum * 2 ** 15), ...counts.map(sum => sum * 2 ** 30), count]
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
