import { createCipheriv } from 'node:crypto'
import { ConfigError, DataError } from '../errors'
import { type CertificationRow, labelRadius } from '../logs/certification-log'
import { streamKey } from '../streams'
import { averageCertifiedRadius, certifiedAccuracy, type Rows } from './certified-accuracy'

/** A figure of two methods, and the sampling uncertainty of its difference over images. */
export interface PairedDifference {
  readonly first: number
  readonly second: number
  /** `first` minus `second`. */
  readonly difference: number
  /** Ends of the bootstrap interval of the difference. */
  readonly lower: number
  readonly upper: number
}

export interface PairedComparison {
  readonly averageCertifiedRadius: PairedDifference
  /** Shares in [0, 1], one per radius. */
  readonly certifiedAccuracy: readonly (PairedDifference & { readonly radius: number })[]
  readonly images: number
}

export interface PairedComparisonOptions {
  /** l2 radii on the [0, 1] pixel scale. Default: none. */
  readonly radii?: readonly number[]
  /** Share of the resampled differences inside the interval. Default 0.95. */
  readonly confidence?: number
  /** Default 10,000. */
  readonly resamples?: number
  /** The same seed gives the same interval. Default 0. */
  readonly seed?: number
}

/**
 * Returns the differences in ACR and certified accuracy of two methods on the same images, with percentile bootstrap intervals over images.
 * Pairing cancels the difficulty that an image has for both, so an interval is narrower than two separate ones suggest. Each interval
 * covers other draws of images, not other training seeds, and has its confidence individually, not jointly.
 *
 * @param first logs of one method, one per seed: an image counts with its mean over them
 * @throws DataError if the logs do not hold the same images with the same labels and pixels; ConfigError without logs or for an option out
 *   of range
 */
export function comparePaired(
  first: readonly Rows[],
  second: readonly Rows[],
  { radii = [], confidence = 0.95, resamples = 10_000, seed = 0 }: PairedComparisonOptions = {},
): PairedComparison {
  requireOptions({ confidence, resamples, seed })
  const acr = [meanOver(first, averageCertifiedRadius), meanOver(second, averageCertifiedRadius)] as const
  const accuracies = [first, second].map(logs =>
    radii.map((_, position) => meanOver(logs, rows => certifiedAccuracy(rows, radii)[position] as number)),
  )
  const images = pairImages(first, second)
  const order = [...radii.keys()].sort((a, b) => (radii[a] as number) - (radii[b] as number))
  const contributions = images.map(({ first, second }) => [
    ...contributionsOf(
      first,
      1,
      order.map(position => radii[position] as number),
    ),
    ...contributionsOf(
      second,
      -1,
      order.map(position => radii[position] as number),
    ),
  ])
  const differences = resampledDifferences(contributions, { radii: radii.length, resamples, seed })
  const tail = (1 - confidence) / 2
  const compare = (a: number, b: number, resampled: Float64Array): PairedDifference => ({
    first: a,
    second: b,
    difference: a - b,
    lower: resampled[Math.floor(tail * (resamples - 1))] as number,
    upper: resampled[Math.ceil((1 - tail) * (resamples - 1))] as number,
  })
  return {
    averageCertifiedRadius: compare(...acr, differences[0] as Float64Array),
    certifiedAccuracy: radii.map((radius, position) => ({
      radius,
      ...compare(
        accuracies[0]?.[position] as number,
        accuracies[1]?.[position] as number,
        differences[1 + order.indexOf(position)] as Float64Array,
      ),
    })),
    images: images.length,
  }
}

function requireOptions({ confidence, ...counts }: Required<Omit<PairedComparisonOptions, 'radii'>>): void {
  if (!(confidence > 0 && confidence < 1)) {
    throw new ConfigError(`confidence must be between 0 and 1, both excluded, got ${confidence}.`, {
      remedy: 'Set for instance 0.95.',
    })
  }
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < (name === 'seed' ? 0 : 1)) {
      throw new ConfigError(`${name} must be a whole number, got ${value}.`, {
        remedy: 'Set for instance resamples to 10000 and seed to 0.',
      })
    }
  }
}

function meanOver(logs: readonly Rows[], measure: (rows: Rows) => number): number {
  return logs.reduce((sum, rows) => sum + measure(rows), 0) / logs.length
}

/** The rows of one image in the logs of both methods. */
interface PairedImage {
  readonly first: readonly CertificationRow[]
  readonly second: readonly CertificationRow[]
}

/** By ascending index, so that an interval does not depend on the order of a log's rows. */
function pairImages(first: readonly Rows[], second: readonly Rows[]): PairedImage[] {
  const [reference] = first
  if (reference === undefined || second.length === 0) {
    throw new ConfigError('A paired comparison needs a log of each method.', {
      remedy: 'Pass at least one log on either side.',
    })
  }
  const aligned = [...first, ...second].map(rows => alignWith(reference, rows))
  return reference
    .map((_, position) => aligned.map(rows => rows[position] as CertificationRow))
    .sort(([a], [b]) => (a as CertificationRow).index - (b as CertificationRow).index)
    .map(rows => ({ first: rows.slice(0, first.length), second: rows.slice(first.length) }))
}

/** Returns the rows of `other` in the order of `reference`. */
function alignWith(reference: Rows, other: Rows): CertificationRow[] {
  const byIndex = new Map(other.map(row => [row.index, row]))
  const aligned = reference.map(row => {
    const match = byIndex.get(row.index)
    byIndex.delete(row.index)
    if (match === undefined) throw notPaired(`image ${row.index} is in the first only`)
    if (match.label !== row.label) {
      throw notPaired(
        `image ${row.index} has label ${row.label} in the first and ${match.label} in the second`,
      )
    }
    if (match.digest !== undefined && row.digest !== undefined && match.digest !== row.digest) {
      throw notPaired(
        `image ${row.index} has the pixels ${row.digest} in the first and ${match.digest} in the second`,
      )
    }
    return match
  })
  const [unmatched] = byIndex.keys()
  if (unmatched !== undefined) throw notPaired(`image ${unmatched} is in the second only`)
  return aligned
}

/** One row's contribution to the sums over a resample. */
interface Contribution {
  readonly radius: number
  /** Number of ascending radii that are certified. */
  readonly level: number
  readonly weight: number
}

function contributionsOf(
  rows: readonly CertificationRow[],
  sign: 1 | -1,
  risingRadii: readonly number[],
): Contribution[] {
  const weight = sign / rows.length
  return rows.map(row => {
    const radius = labelRadius(row) ?? -1
    return {
      radius: weight * Math.max(0, radius),
      level: risingRadii.filter(threshold => radius >= threshold).length,
      weight,
    }
  })
}

function notPaired(reason: string): DataError {
  return new DataError(`The two logs must hold the same images, but ${reason}.`, {
    remedy: 'Compare logs of the same images of one data set, both whole.',
  })
}

/**
 * Returns the differences in ACR and at each ascending radius over `resamples` draws of images with replacement, each list sorted. All
 * figures of a resample share one draw. A draw is counted by the number of radii it certifies; sums from the top give all radii at once.
 */
function resampledDifferences(
  images: readonly (readonly Contribution[])[],
  { radii, resamples, seed }: { radii: number; resamples: number; seed: number },
): Float64Array[] {
  const perImage = images[0]?.length ?? 0
  const flat = images.flat()
  const averageRadius = Float64Array.from(images, rows => rows.reduce((sum, { radius }) => sum + radius, 0))
  const levels = Int32Array.from(flat, ({ level }) => level)
  const weights = Float64Array.from(flat, ({ weight }) => weight)
  const differences = Array.from({ length: 1 + radii }, () => new Float64Array(resamples))
  const draws = imageDraws(images.length, seed)
  const counted = new Float64Array(radii + 1)
  for (let sample = 0; sample < resamples; sample += 1) {
    counted.fill(0)
    let sum = 0
    for (const image of draws()) {
      sum += averageRadius[image] as number
      for (let row = image * perImage; row < (image + 1) * perImage; row += 1) {
        const level = levels[row] as number
        counted[level] = (counted[level] as number) + (weights[row] as number)
      }
    }
    setAt(differences, 0, sample, sum / images.length)
    let certified = 0
    for (let level = radii; level >= 1; level -= 1) {
      certified += counted[level] as number
      setAt(differences, level, sample, certified / images.length)
    }
  }
  return differences.map(values => values.sort())
}

function setAt(series: readonly Float64Array[], position: number, sample: number, value: number): void {
  ;(series[position] as Float64Array)[sample] = value
}

/** Draws `images` positions with replacement, new ones at each call. The seeded random generator is a keystream of Node's crypto. */
function imageDraws(images: number, seed: number): () => Uint32Array {
  const key = streamKey(['bootstrap', seed])
  const keystream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(4 * images)
  return () =>
    new Uint32Array(new Uint8Array(keystream.update(zeros)).buffer).map(random =>
      Math.floor((random / 2 ** 32) * images),
    )
}
