import { basename } from 'node:path'
import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import type { CertificationRow } from '../logs/certification-log'
import type { CertificationLog } from '../logs/certification-log-file'
import { gaussianBound } from '../statistics/bound'
import { lowerConfidenceBound } from '../statistics/confidence-bound'

/** A setting of a certification. */
export interface KnownSetting {
  readonly value: number
  /** Source of the inference; undefined if the log or its votes state the value. */
  readonly inferredFrom?: string
}

/** The settings that a table can show. Unknown ones are absent. */
export type KnownSettings = { readonly [S in 'sigma' | 'n0' | 'n' | 'alpha']?: KnownSetting }

/**
 * Returns the known settings of a log: from its `.json`, else from its votes. Without both, σ is inferred from the file name, or from the
 * largest radius if that matches unanimous votes for n and α of Cohen et al.
 */
export function knownSettings({ file, rows, metadata }: CertificationLog): KnownSettings {
  if (metadata !== undefined) {
    const { sigma, n0, n, alpha } = metadata.configuration
    return { sigma: { value: sigma }, n0: { value: n0 }, n: { value: n }, alpha: { value: alpha } }
  }
  const votes = fromVotes(rows)
  const sigma = votes.sigma ?? fromName(file, rows) ?? fromLargestRadius(rows)
  return { ...votes, ...(sigma && { sigma }) }
}

/** Returns the largest certified radius if several rows share it, as with unanimous votes. */
export function saturatedRadius(rows: readonly CertificationRow[]): number | undefined {
  const largest = largestRadius(rows)
  return rows.filter(({ radius }) => radius === largest).length > 1 && largest > 0 ? largest : undefined
}

function largestRadius(rows: readonly CertificationRow[]): number {
  return rows.reduce((largest, { radius }) => Math.max(largest, radius), 0)
}

/** Returns n0 and n if equal in all rows; σ and α from a row whose bound is that of Clopper and Pearson. */
function fromVotes(rows: readonly CertificationRow[]): KnownSettings {
  const same = (setting: 'n0' | 'n') => {
    const values = new Set(rows.map(({ evidence }) => evidence?.[setting]))
    const [value] = values
    return values.size === 1 && value !== undefined ? { [setting]: { value } } : {}
  }
  const row = rows.find(
    ({ evidence, finding }) =>
      finding.kind === 'certified' && evidence?.lowerBound !== undefined && evidence.looks === undefined,
  )
  const { lowerBound = 0, n = 0, candidateCount = 0 } = row?.evidence ?? {}
  const ofBound =
    row === undefined || lowerBound <= 0.5 || lowerBound >= 1
      ? {}
      : {
          sigma: { value: rounded(row.radius / gaussianBound(1).radius(lowerBound)) },
          alpha: { value: rounded(1 - binomialCdf(candidateCount - 1, n, lowerBound)) },
        }
  return { ...same('n0'), ...same('n'), ...ofBound }
}

/** No certification has a radius of that many σ: it would need 10 million votes. */
const MOST_SIGMAS = 5

/** Reads σ from a name such as `cohen-sigma0.25.tsv`, `noise_0.50` or `σ=1`, if the radii are consistent with it. */
function fromName(file: string, rows: readonly CertificationRow[]): KnownSetting | undefined {
  const [, text] = /(?:sigma|noise|σ)[-_= ]*(\d(?:\.\d+)?|\.\d+)(?!\d)/i.exec(basename(file)) ?? []
  const value = Number(text)
  if (!(value > 0) || largestRadius(rows) > MOST_SIGMAS * value) return undefined
  return { value, inferredFrom: 'the name of its file' }
}

/** The settings of Cohen et al., and of most logs that state none. */
const COHEN = { n: 100_000, alpha: 0.001 }

/** Returns whether a radius is the written form of this one: with all digits, three digits, or three decimals. */
function isWritten(written: number, radius: number): boolean {
  const roundings = [Number(radius.toPrecision(3)), Number(radius.toFixed(3))]
  return roundings.includes(written) || Math.abs(written - radius) <= 1e-9 * radius
}

/** Returns the common σ (0.12, and the multiples of 0.05) that matches the largest radius, for unanimous votes. */
function fromLargestRadius(rows: readonly CertificationRow[]): KnownSetting | undefined {
  const largest = largestRadius(rows)
  if (largest === 0) return undefined
  const { candidateCount = COHEN.n, n = COHEN.n } =
    rows.find(({ radius }) => radius === largest)?.evidence ?? {}
  const bound = n === 0 ? 0 : lowerConfidenceBound(candidateCount, n, COHEN)
  if (bound <= 0.5) return undefined
  const unit = gaussianBound(1).radius(bound)
  const value = [0.12, Math.round(largest / unit / 0.05) / 20].find(sigma => isWritten(largest, sigma * unit))
  return value === undefined
    ? undefined
    : { value, inferredFrom: `its largest radius ${largest}, as of n = ${n} and α = ${COHEN.alpha}` }
}

/** Drops the rounding digits of floating-point numbers. */
function rounded(value: number): number {
  return Number(value.toPrecision(6))
}
