import { createHash } from 'node:crypto'
import { DataError } from '../errors'

/** The images of a log, decided before the first is certified. */
export interface ImagePlan {
  /** Number of images. */
  readonly count: number
  /** Positions in the data set, in the order of certification, as written by `formatIndices`. */
  readonly images: string
}

/**
 * The part of a plan that a log covers. Images are dealt round-robin: share k of K has the positions k-1, k-1+K, … of the
 * plan.
 */
export type Share = {
  /** Counted from 1. */
  readonly number: number
  readonly of: number
  /** Number of images of the whole plan. */
  readonly count: number
  /** Digest of the whole plan, see `planDigest`. */
  readonly sha256: string
}

export function imagePlan(indices: readonly number[]): ImagePlan {
  return { count: indices.length, images: formatIndices(indices) }
}

/**
 * Formats integers compactly in their order: `0-9999`, `0-9980/20` for every 20th, `9-0/-1` downwards, `3,17,4-6`.
 * `parseIndices` reverses it.
 */
export function formatIndices(indices: readonly number[]): string {
  const parts: string[] = []
  let start = 0
  while (start < indices.length) {
    const first = indices[start] as number
    const step = (indices[start + 1] ?? first) - first
    let end = start
    while (step !== 0 && end + 1 < indices.length && indices[end + 1] === (indices[end] as number) + step) {
      end += 1
    }
    // Two numbers are shorter unchanged, and the second may begin a longer run.
    if (end - start < 2) {
      parts.push(String(first))
      start += 1
    } else {
      parts.push(`${first}-${indices[end]}${step === 1 ? '' : `/${step}`}`)
      start = end + 1
    }
  }
  return parts.join(',')
}

/** Largest number of images in a list, because each needs memory. */
const MOST_IMAGES = 20_000_000

/**
 * Parses the output of `formatIndices`.
 *
 * @throws DataError for other text, and for more images than any data set has
 */
export function parseIndices(text: string): number[] {
  const indices: number[] = []
  for (const part of text === '' ? [] : text.split(',')) {
    const [, first, last = first, stepText = '1'] =
      /^(\d{1,15})(?:-(\d{1,15})(?:\/(-?[1-9]\d{0,14}))?)?$/.exec(part) ?? []
    const [from, to, step] = [Number(first), Number(last), Number(stepText)]
    const steps = (to - from) / step
    if (!Number.isInteger(steps) || steps < 0) {
      throw listError(
        `has the part ${JSON.stringify(part.slice(0, 60))}, expected for instance 3, 0-99 or 0-98/2`,
      )
    }
    if (indices.length + steps >= MOST_IMAGES) {
      throw listError(`has more than ${MOST_IMAGES} images with its part ${JSON.stringify(part)}`)
    }
    for (let position = 0; position <= steps; position++) indices.push(from + position * step)
  }
  return indices
}

function listError(problem: string): DataError {
  return new DataError(`A list of images ${problem}.`, { remedy: 'Restore the file that holds it.' })
}

/** Returns the SHA-256 of the images of a plan in order, which identifies shares of the same plan. */
export function planDigest(indices: readonly number[]): string {
  return createHash('sha256').update(indices.join(',')).digest('hex')
}
