import { ConfigError } from '../errors'
import { type ImagePlan, imagePlan, planDigest, type Share } from './image-plan'

/** One of several processes that certify a data set together. */
export interface Shard {
  /** Counted from 1. */
  readonly number: number
  readonly of: number
}

/** Returns the path of a shard's log: `certify.tsv` → `certify.shard-03-of-16.tsv`; with `*` as number, the pattern of all. */
export function shardPath(
  log: string,
  { number, of }: { readonly number: number | '*'; readonly of: number },
): string {
  const width = Math.max(2, String(of).length)
  const own = number === '*' ? '*' : String(number).padStart(width, '0')
  const name = `.shard-${own}-of-${String(of).padStart(width, '0')}`
  return /\.[^./\\]+$/.test(log) ? log.replace(/\.[^./\\]+$/, ending => name + ending) : log + name
}

/**
 * Returns the images of a shard, dealt round-robin. Neighbours in a data set often need similar time, and no shard gets
 * all of a class.
 *
 * @throws ConfigError if the shard does not exist or is empty
 */
export function dealt(indices: readonly number[], { number, of }: Shard): readonly number[] {
  if (!(Number.isInteger(of) && of >= 1 && Number.isInteger(number) && number >= 1 && number <= of)) {
    throw new ConfigError(`No shard ${number} of ${of}, expected one from 1 to ${Math.max(1, of)}.`, {
      remedy: 'Give for instance 1/4, 2/4, 3/4 and 4/4 to four processes.',
    })
  }
  if (of > indices.length) {
    throw new ConfigError(`${indices.length} images do not suffice for ${of} shards.`, {
      remedy: 'Take at most as many shards as images.',
    })
  }
  return indices.filter((_, position) => position % of === number - 1)
}

/** Returns the metadata about the images of a log: all of them, or a shard's share. */
export function planMetadata(
  indices: readonly number[],
  shard: Shard | undefined,
): { readonly plan: ImagePlan; readonly share?: Share } {
  if (shard === undefined) return { plan: imagePlan(indices) }
  return {
    plan: imagePlan(dealt(indices, shard)),
    share: { ...shard, count: indices.length, sha256: planDigest(indices) },
  }
}
