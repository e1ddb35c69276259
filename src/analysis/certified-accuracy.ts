import { ConfigError, DataError } from '../errors'
import { ABSTAIN } from '../logs/abstain'
import { type CertificationRow, labelRadius } from '../logs/certification-log'
import { upperBinomialQuantile } from '../statistics/binomial-quantile'
import { requireAlpha } from '../statistics/confidence-bound'

/** The rows of one log. */
export type Rows = readonly CertificationRow[]

/**
 * Returns the share of images at each radius that are classified correctly, without abstention, and certified at least that far.
 *
 * @param radii l2 radii on the [0, 1] pixel scale
 * @returns shares in [0, 1], one per radius; at radius 0 the accuracy of the smoothed classifier
 * @throws DataError without rows, ConfigError for a radius that is not a number of at least 0
 *
 * @example
 * const text = 'idx\tlabel\tpredict\tradius\tcorrect\ttime\n0\t7\t7\t0.5\t1\t0:00:09\n1\t2\t3\t0.8\t0\t0:00:09\n'
 * const { rows } = parseLog(text, { file: 'mine.tsv' })
 * certifiedAccuracy(rows, [0, 0.75]) // => [0.5, 0]
 */
export function certifiedAccuracy(rows: Rows, radii: readonly number[]): number[] {
  requireRows(rows)
  return radii.map(radius => {
    requireRadius(radius)
    return rows.filter(row => (labelRadius(row) ?? -1) >= radius).length / rows.length
  })
}

/**
 * Returns the ACR (Zhai et al., 2020): the mean over all images of the certified l2 radius, or 0 if the prediction is wrong or abstains.
 *
 * @throws DataError without rows
 */
export function averageCertifiedRadius(rows: Rows): number {
  requireRows(rows)
  return rows.reduce((sum, row) => sum + (labelRadius(row) ?? 0), 0) / rows.length
}

/**
 * Returns the share of images on which CERTIFY abstained.
 *
 * @throws DataError without rows
 */
export function abstentionRate(rows: Rows): number {
  requireRows(rows)
  return rows.filter(({ prediction }) => prediction === ABSTAIN).length / rows.length
}

/**
 * Returns a lower bound of the certified accuracy that exact certificates would have on these images. It holds with probability at least 1
 * - rho at all radii together, although each logged certificate may be wrong with probability alpha. Of N certificates with their own
 * noise, more than the (1 - rho)-quantile of Binomial(N, alpha) are wrong with probability at most rho; the share of that quantile is
 * subtracted. May be negative.
 *
 * The idea is that of Cohen et al. (2019), whose `HighProbAccuracy` approximates the quantile and is too high.
 *
 * @throws as `certifiedAccuracy`; ConfigError unless alpha and rho are between 0 and 1
 */
export function highProbabilityAccuracy(
  rows: Rows,
  radii: readonly number[],
  {
    alpha = 0.001,
    rho = 0.001,
  }: {
    /** α of the log. Default 0.001. */
    readonly alpha?: number
    /** Default 0.001. */
    readonly rho?: number
  } = {},
): number[] {
  requireAlpha(alpha)
  requireAlpha(rho, 'rho')
  const wrong = upperBinomialQuantile(rows.length, { p: alpha, tail: rho })
  return certifiedAccuracy(rows, radii).map(accuracy => accuracy - wrong / rows.length)
}

/**
 * Returns the l∞ radius that a certified l2 radius certifies: the largest l∞ ball inside the l2 ball, l2Radius / √dimensions (Salman et
 * al., 2019).
 *
 * @param dimensions number of values in an image, for example 3 · 32 · 32
 * @throws ConfigError for a negative radius or dimensions that are not a positive integer
 */
export function lInfinityRadius(l2Radius: number, dimensions: number): number {
  requireRadius(l2Radius)
  if (!Number.isSafeInteger(dimensions) || dimensions < 1) {
    throw new ConfigError(`dimensions must be an integer of at least 1, got ${dimensions}.`, {
      remedy: 'Pass channels times height times width of the images, for instance 3 · 32 · 32 = 3072.',
    })
  }
  return l2Radius / Math.sqrt(dimensions)
}

/**
 * Returns the share of images at each l∞ radius that are classified correctly and certified at least that far.
 *
 * @param epsilons l∞ radii on the [0, 1] pixel scale, for example 2 / 255
 * @throws as `certifiedAccuracy` and `lInfinityRadius`
 */
export function lInfinityCertifiedAccuracy(
  rows: Rows,
  epsilons: readonly number[],
  { dimensions }: { readonly dimensions: number },
): number[] {
  return certifiedAccuracy(
    rows.map(row => ({ ...row, radius: lInfinityRadius(row.radius, dimensions) })),
    epsilons,
  )
}

export interface ClassAccuracy {
  readonly label: number
  /** Images of the class in the log. */
  readonly images: number
  readonly averageCertifiedRadius: number
  /** Certified accuracy within the class, one share per radius. */
  readonly certifiedAccuracy: readonly number[]
}

/**
 * Returns the certified accuracy within each class of the log, by ascending label.
 *
 * @throws as `certifiedAccuracy`
 */
export function certifiedAccuracyPerClass(rows: Rows, radii: readonly number[]): ClassAccuracy[] {
  requireRows(rows)
  const labels = [...new Set(rows.map(({ label }) => label))].sort((a, b) => a - b)
  return labels.map(label => {
    const ofClass = rows.filter(row => row.label === label)
    return {
      label,
      images: ofClass.length,
      averageCertifiedRadius: averageCertifiedRadius(ofClass),
      certifiedAccuracy: certifiedAccuracy(ofClass, radii),
    }
  })
}

function requireRows(rows: Rows): void {
  if (rows.length > 0) return
  throw new DataError('The log has no rows, expected at least one.', {
    remedy: 'Certify at least one image.',
  })
}

function requireRadius(radius: number): void {
  if (radius >= 0) return
  throw new ConfigError(`A radius must be a number of at least 0, got ${radius}.`, {
    remedy: 'Pass radii on the [0, 1] pixel scale, for instance 0.25.',
  })
}
