import { createCipheriv, createHash } from 'node:crypto'
import { ConfigError, DataError } from '../errors'
import type { CertificationRow } from './certification-log'
import { averageCertifiedRadius } from './certified-accuracy'

export interface PairedComparison {
  /** ACR of the first log. */
  readonly first: number
  /** ACR of the second log. */
  readonly second: number
  /** ACR of the first log minus that of the second. */
  readonly difference: number
  /** Ends of the bootstrap interval of the difference. */
  readonly lower: number
  readonly upper: number
  readonly images: number
}

export interface PairedComparisonOptions {
  /** Share of the resampled differences between the ends of the interval. Default 0.95. */
  readonly confidence?: number
  /** Default 10,000. */
  readonly resamples?: number
  /** The same seed gives the same interval. Default 0. */
  readonly seed?: number
}

/**
 * The difference in ACR of two logs of the same images, with a percentile bootstrap interval over images. Pairing cancels
 * what makes an image hard for both, so that the interval is narrower than two separate ones would suggest. It speaks of
 * other draws of images, not of other training seeds.
 *
 * @throws DataError when the logs do not hold the same images with the same labels; ConfigError for an option out of range
 */
export function compareAverageCertifiedRadius(
  first: readonly CertificationRow[],
  second: readonly CertificationRow[],
  { confidence = 0.95, resamples = 10_000, seed = 0 }: PairedComparisonOptions = {},
): PairedComparison {
  if (!(confidence > 0 && confidence < 1)) {
    throw new ConfigError(`confidence must be between 0 and 1, both excluded, got ${confidence}.`, {
      remedy: 'Set for instance 0.95.',
    })
  }
  for (const [name, value] of Object.entries({ resamples, seed })) {
    if (!Number.isSafeInteger(value) || value < (name === 'seed' ? 0 : 1)) {
      throw new ConfigError(`${name} must be a whole number, got ${value}.`, {
        remedy: 'Set for instance resamples to 10000 and seed to 0.',
      })
    }
  }
  const firstAcr = averageCertifiedRadius(first)
  const secondAcr = averageCertifiedRadius(second)
  const differences = differencePerImage(first, second)
  const means = resampledMeans(differences, resamples, seed)
  const tail = (1 - confidence) / 2
  return {
    first: firstAcr,
    second: secondAcr,
    difference: differences.reduce((sum, difference) => sum + difference, 0) / differences.length,
    lower: means[Math.floor(tail * (resamples - 1))] as number,
    upper: means[Math.ceil((1 - tail) * (resamples - 1))] as number,
    images: differences.length,
  }
}

function differencePerImage(
  first: readonly CertificationRow[],
  second: readonly CertificationRow[],
): Float64Array {
  const rowsOfSecond = new Map(second.map(row => [row.index, row]))
  const differences = first.map(row => {
    const other = rowsOfSecond.get(row.index)
    rowsOfSecond.delete(row.index)
    if (other === undefined) throw notPaired(`image ${row.index} is in the first only`)
    if (other.label !== row.label) {
      throw notPaired(
        `image ${row.index} has label ${row.label} in the first and ${other.label} in the second`,
      )
    }
    return (row.correct ? row.radius : 0) - (other.correct ? other.radius : 0)
  })
  const [unmatched] = rowsOfSecond.keys()
  if (unmatched !== undefined) throw notPaired(`image ${unmatched} is in the second only`)
  // By image, so that the interval does not depend on the order in which a log was written.
  const order = first.map((row, position) => [row.index, position] as const).sort(([a], [b]) => a - b)
  return Float64Array.from(order, ([, position]) => differences[position] as number)
}

function notPaired(reason: string): DataError {
  return new DataError(`The two logs must hold the same images, but ${reason}.`, {
    remedy: 'Compare logs of the same images of one data set, both whole.',
  })
}

/** Means of `resamples` draws with replacement, sorted. */
function resampledMeans(values: Float64Array, resamples: number, seed: number): Float64Array {
  // A keystream is the seeded random generator that Node brings.
  const key = createHash('sha256').update(`bootstrap ${seed}`).digest()
  const keystream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(4 * values.length)
  const means = new Float64Array(resamples)
  for (let sample = 0; sample < resamples; sample += 1) {
    const random = new Uint32Array(new Uint8Array(keystream.update(zeros)).buffer)
    let sum = 0
    for (let draw = 0; draw < random.length; draw += 1) {
      sum += values[Math.floor(((random[draw] as number) / 2 ** 32) * values.length)] as number
    }
    means[sample] = sum / values.length
  }
  return means.sort()
}
