import { ConfigError } from '../../errors'
import type { CertificationLog } from '../../logs/certification-log-file'
import type { CertificationConfiguration } from '../../logs/certification-log-metadata'
import { alphaOfBounds, boundOf } from '../../logs/check-rows'
import type { Evidence } from '../../logs/outcome'
import { binomialDistribution } from '../../statistics/binomial'
import type { Bound } from '../../statistics/bound'
import { lowerConfidenceBound, upperConfidenceBound } from '../../statistics/confidence-bound'

/** The probability that a noisy copy of an image gets the image's label. */
export interface LabelShare {
  /** p_A: the share of the votes, 0 if neither of the two counted classes is the label. */
  readonly share: number
  /** Ends of the interval of Clopper and Pearson for this image. */
  readonly lower: number
  readonly upper: number
}

/** Confidence of one image's interval. */
const CONFIDENCE = 0.95

/**
 * Returns p_A of each image from the votes of the estimation; a log has those of the candidate class and of the runner-up. Any other label
 * has at most as many as the runner-up: its share counts as 0, and the upper end is the runner-up's.
 *
 * @throws ConfigError for a log without counts, or whose procedure is not `certify`
 */
export function labelShares(log: CertificationLog): LabelShare[] {
  const alpha = (1 - CONFIDENCE) / 2
  return countsOf(log).map(
    ({ label, evidence: { candidate, candidateCount, runnerUp, runnerUpCount, n } }) => {
      const isCounted = label === candidate || label === runnerUp
      const count = label === candidate ? candidateCount : runnerUpCount
      return {
        share: isCounted ? count / n : 0,
        lower: isCounted ? lowerConfidenceBound(count, n, { alpha }) : 0,
        upper: upperConfidenceBound(count, n, { alpha }),
      }
    },
  )
}

/** Expected figures with n votes per image. */
export interface ExpectedFigures {
  readonly n: number
  readonly averageCertifiedRadius: number
  /** Shares in [0, 1], one per radius. */
  readonly certifiedAccuracy: readonly number[]
}

/**
 * Returns expected certified accuracy and ACR with other numbers of votes, from the counts of a log. The probability of the label is
 * assumed to be its share of the votes, and the count of n new votes is binomial. An image whose counts are for another class certifies
 * nothing. Above the log's own n, this is what its counts make likely, not what more votes would show.
 *
 * @param ns - votes of the estimation, each at least 1
 * @param radii - in the norm of the log's bound, on the [0, 1] pixel scale
 * @throws as {@link labelShares}; ConfigError for an n below 1, or a log whose bound is unknown
 */
export function expectedFigures(
  log: CertificationLog,
  ns: readonly number[],
  radii: readonly number[],
): ExpectedFigures[] {
  const { bound, alpha } = termsOf(log)
  const shares = countsOf(log).map(({ label, evidence: { candidate, candidateCount, n } }) =>
    candidate === label ? candidateCount / n : 0,
  )
  return ns.map(n => {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new ConfigError(`n must be a whole number of at least 1, got ${n}.`, {
        remedy: 'Give numbers of votes, for instance 1000,10000.',
      })
    }
    const radiusOf = radiiByCount({ n, bound, alpha })
    const distinct = new Map<number, readonly [radius: number, certified: readonly number[]]>()
    for (const share of new Set(shares)) distinct.set(share, expectedAt(share, { n, radii, radiusOf }))
    const ofImages = shares.flatMap(share => {
      const found = distinct.get(share)
      return found === undefined ? [] : [found]
    })
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / shares.length
    return {
      n,
      averageCertifiedRadius: mean(ofImages.map(([radius]) => radius)),
      certifiedAccuracy: radii.map((_, place) =>
        mean(ofImages.map(([, certified]) => certified[place] ?? 0)),
      ),
    }
  })
}

/** Lower bounds by α and n, then by count: shared by logs with one α, and by a table and its chart. */
const LOWER_BOUNDS = new Map<string, Map<number, number>>()

/** Returns the radius that this many votes certify, -1 if they abstain. */
function radiiByCount({ n, bound, alpha }: { n: number; bound: Bound; alpha: number }) {
  const key = `${alpha} ${n}`
  const known = LOWER_BOUNDS.get(key) ?? new Map<number, number>()
  LOWER_BOUNDS.set(key, known)
  return (count: number): number => {
    const top = known.get(count) ?? lowerConfidenceBound(count, n, { alpha })
    known.set(count, top)
    return top < 0.5 ? -1 : bound.radius(top)
  }
}

function expectedAt(
  share: number,
  { n, radii, radiusOf }: { n: number; radii: readonly number[]; radiusOf: (count: number) => number },
): readonly [radius: number, certified: readonly number[]] {
  if (share === 0) return [0, radii.map(() => 0)]
  const { first, weights } =
    share === 1 ? { first: n, weights: Float64Array.of(1) } : binomialDistribution(n, share)
  const certified = radii.map(() => 0)
  let expected = 0
  for (const [place, weight] of weights.entries()) {
    // Smaller weights change no printed digit.
    if (weight < 1e-12) continue
    const radius = radiusOf(first + place)
    expected += weight * Math.max(0, radius)
    for (const [at, wanted] of radii.entries()) {
      if (radius >= wanted) certified[at] = (certified[at] ?? 0) + weight
    }
  }
  return [expected, certified]
}

interface CountedRow {
  readonly label: number
  readonly evidence: Evidence
}

/** Returns the rows with their counts, all with the same n. */
function countsOf(log: CertificationLog): CountedRow[] {
  const { kind } = configurationOf(log).procedure
  if (kind !== 'certify') throw unknownVotes(log, `its procedure is ${kind}, whose votes are not a fixed n`)
  return log.rows.map(({ label, evidence }) => {
    if (evidence === undefined) throw unknownVotes(log, 'it has no columns of counts')
    return { label, evidence }
  })
}

function termsOf(log: CertificationLog): { readonly bound: Bound; readonly alpha: number } {
  const configuration = configurationOf(log)
  const bound = boundOf(configuration)
  if (bound === undefined) throw unknownVotes(log, `its bound, ${configuration.bound}, is not known here`)
  return { bound, alpha: alphaOfBounds(configuration) }
}

function configurationOf(log: CertificationLog): CertificationConfiguration {
  if (log.metadata === undefined) throw unknownVotes(log, 'no .json beside it says σ, n and α')
  return log.metadata.configuration
}

function unknownVotes({ file }: CertificationLog, reason: string): ConfigError {
  return new ConfigError(`The votes of ${file} are not known well enough: ${reason}.`, {
    remedy: 'Give a log of `ft-cadis certify` with a fixed n.',
  })
}
