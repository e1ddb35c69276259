import { z } from 'zod'
import { imageSizeOf, MOST_SIDE } from './sources/image-size'

/** The types of values in settings. */

export const text = z.string().min(1)
export const count = z.int().positive()
/** A side of an image in pixels. */
export const side = count.max(MOST_SIDE)
/**
 * An image size in settings. A square is always a number, however it was written, so logs and runs of both forms are the
 * same.
 */
export const imageSizeField = z
  .union([side, z.tuple([side, side])])
  .overwrite(size => (typeof size === 'number' ? size : imageSizeOf(size)))
export const seed = z.int().nonnegative()
export const positive = z.number().positive()
export const nonnegative = z.number().nonnegative()
/** At least 0 and less than 1. */
export const rate = z.number().nonnegative().lt(1)
/** Arguments of a library, under the library's names. */
export const anything = z.record(z.string(), z.json())
export const dtype = z.enum(['float32', 'float16', 'bfloat16', 'float64'])
