import { createHash } from 'node:crypto'

/** The value below which a share of the values lies, interpolated between two of them. NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  const position = share * (sorted.length - 1)
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position % 1)
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export interface Interval {
  readonly lower: number
  readonly upper: number
}

const RESAMPLES = 2000

/** The 95 % percentile bootstrap interval of the median. The same values give the same interval. */
export function medianInterval(values: readonly number[]): Interval {
  const medians = Array.from({ length: RESAMPLES }, (_, resample) =>
    median(places(resample, values.length).map(place => values[place] ?? Number.NaN)),
  )
  return { lower: quantile(medians, 0.025), upper: quantile(medians, 0.975) }
}

/** As many places in 0 … count-1 as there are, drawn with replacement; the seed decides which. */
function places(seed: number, count: number): number[] {
  const bytes = createHash('shake256', { outputLength: 4 * count })
    .update(`${seed}`)
    .digest()
  return Array.from({ length: count }, (_, draw) =>
    Math.floor((bytes.readUInt32LE(4 * draw) / 2 ** 32) * count),
  )
}
