import { ConfigError } from '../../errors'
import type { CertificationLog } from '../../logs/certification-log-file'
import { binomialDistribution } from '../../statistics/binomial'
import { gaussianBound } from '../../statistics/bound'
import { lowerConfidenceBound, upperConfidenceBound } from '../../statistics/confidence-bound'
import { requireL2 } from '../norm'

/** How likely a noisy copy of an image is to get the image's label. */
export interface LabelShare {
  /** p_A: the share of the votes, 0 where another class was counted. */
  readonly share: number
  /** Ends of the interval of Clopper and Pearson of this image. */
  readonly lower: number
  readonly upper: number
}

/** Of the interval of one image. */
const CONFIDENCE = 0.95

/**
 * p_A of each image, by the votes of the estimation. Where the selection named another class than the label no votes for the
 * label are known but that they are at most the rest: the share counts as 0, and its upper end is the rest's.
 *
 * @throws ConfigError for a log without counts, or whose votes are not those of CERTIFY on Gaussian noise
 */
export function labelShares(log: CertificationLog): LabelShare[] {
  requireCounts(log)
  const alpha = (1 - CONFIDENCE) / 2
  return log.rows.map(({ label, evidence }) => {
    const { candidate, candidateCount, n } = evidence ?? { candidate: -1, candidateCount: 0, n: 1 }
    if (candidate !== label) {
      return { share: 0, lower: 0, upper: upperConfidenceBound(n - candidateCount, n, { alpha }) }
    }
    return {
      share: candidateCount / n,
      lower: lowerConfidenceBound(candidateCount, n, { alpha }),
      upper: upperConfidenceBound(candidateCount, n, { alpha }),
    }
  })
}

/** What n votes an image would be expected to give. */
export interface ExpectedFigures {
  readonly n: number
  readonly averageCertifiedRadius: number
  /** Shares in [0, 1], one per radius. */
  readonly certifiedAccuracy: readonly number[]
}

/**
 * Expected certified accuracy and ACR with other numbers of votes, from the counts of a log: the probability of the label is taken to be
 * its share of the votes, and the count of n new votes is binomial. Above the log's own n it says what its counts make likely, not what more
 * votes would find out.
 *
 * @param ns - votes of the estimation, each at least 1
 * @param radii - ℓ2, on the [0, 1] pixel scale
 * @throws as {@link labelShares}; ConfigError for an n below 1
 */
export function expectedFigures(
  log: CertificationLog,
  ns: readonly number[],
  radii: readonly number[],
): ExpectedFigures[] {
  const { sigma, alpha } = requireCounts(log)
  const shares = labelShares(log).map(({ share }) => share)
  return ns.map(n => {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new ConfigError(`n must be a whole number of at least 1, got ${n}.`, {
        remedy: 'Give numbers of votes, for instance 1000,10000.',
      })
    }
    const radiusOf = radiiByCount({ n, sigma, alpha })
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

/** The radius that so many votes certify, -1 where they abstain; each count is looked at once. */
function radiiByCount({ n, sigma, alpha }: { n: number; sigma: number; alpha: number }) {
  const bound = gaussianBound(sigma)
  const known = new Map<number, number>()
  return (count: number): number => {
    const before = known.get(count)
    if (before !== undefined) return before
    const top = lowerConfidenceBound(count, n, { alpha })
    const radius = top < 0.5 ? -1 : bound.radius(top)
    known.set(count, radius)
    return radius
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
    // What weighs less changes no digit that is printed.
    if (weight < 1e-12) continue
    const radius = radiusOf(first + place)
    expected += weight * Math.max(0, radius)
    for (const [at, wanted] of radii.entries()) {
      if (radius >= wanted) certified[at] = (certified[at] ?? 0) + weight
    }
  }
  return [expected, certified]
}

function requireCounts(log: CertificationLog): { sigma: number; alpha: number } {
  const { file, rows, metadata } = log
  const { configuration } = metadata ?? {}
  const refuse = (reason: string) =>
    new ConfigError(`The votes of ${file} are not known well enough: ${reason}.`, {
      remedy: 'Give a log of `ft-cadis certify` with a fixed n.',
    })
  if (configuration === undefined) throw refuse('no .json beside it says σ, n and α')
  if (configuration.procedure.kind !== 'certify') throw refuse('it is adaptive, and images have different n')
  if (rows.some(({ evidence }) => evidence === undefined)) throw refuse('it has no columns of counts')
  requireL2('What is expected with other numbers of votes', [log])
  const { certifiedSigma, sigma, alpha } = configuration
  return { sigma: typeof certifiedSigma === 'number' ? certifiedSigma : sigma, alpha }
}
