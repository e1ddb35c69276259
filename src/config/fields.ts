import { z } from 'zod'

/** The kinds of value that settings are made of. */

export const text = z.string().min(1)
export const count = z.int().positive()
/** A side of an image in pixels: larger ones take more memory than there is. */
export const side = count.max(10_000)
export const seed = z.int().nonnegative()
export const positive = z.number().positive()
export const nonnegative = z.number().nonnegative()
/** At least 0 and less than 1. */
export const rate = z.number().nonnegative().lt(1)
/** Arguments of a library, under its own names. */
export const anything = z.record(z.string(), z.json())
export const dtype = z.enum(['float32', 'float16', 'bfloat16', 'float64'])
