import { InvalidArgumentError } from 'commander'
import { type ImageSize, imageSizeOf, MOST_SIDE } from '../config/sources/image-size'

interface NumberRange {
  readonly min?: number
  readonly max?: number
  /** Whether to accept only integers. Default: false. */
  readonly integer?: boolean
}

/** Returns a parser for commander's `option`: accepts a number in the range, and refuses other values with the expected range. */
export function parseNumber({ min = -Infinity, max = Infinity, integer = false }: NumberRange) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    const isTaken =
      Number.isFinite(value) && value >= min && value <= max && (!integer || Number.isInteger(value))
    if (!isTaken) throw new InvalidArgumentError(`Expected ${describeRange({ min, max, integer })}.`)
    return value
  }
}

/** Parses the side of square images in pixels, or height and width: `64`, `48x64`. */
export function parseImageSize(text: string): ImageSize {
  const sides = text.split(/x/i).map(side => (/^\s*\d+\s*$/.test(side) ? Number(side) : Number.NaN))
  const [height = Number.NaN, width = height] = sides
  if (sides.length > 2 || ![height, width].every(side => side >= 1 && side <= MOST_SIDE)) {
    throw new InvalidArgumentError(
      `Expected the pixels of a side, such as 64, or height and width, such as 48x64; at most ${MOST_SIDE}.`,
    )
  }
  return imageSizeOf([height, width])
}

/** Parses a comma-separated list. */
export function parseList(text: string): string[] {
  const parts = text.split(',').map(part => part.trim())
  if (parts.some(part => part === '')) throw new InvalidArgumentError('Expected values with commas between.')
  return parts
}

/** Returns a parser for commander's `option`: accepts distinct numbers in the range, separated by commas. */
export function parseNumbers(range: NumberRange) {
  return (text: string): number[] => {
    const values = parseList(text).map(part => {
      try {
        return parseNumber(range)(part)
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error
        const several = 'or several with commas between, such as 0,0.5,1'
        throw new InvalidArgumentError(`Expected ${describeRange(range)}, ${several}.`)
      }
    })
    if (new Set(values).size < values.length) throw new InvalidArgumentError('Expected each number once.')
    return values
  }
}

function describeRange({ min = -Infinity, max = Infinity, integer = false }: NumberRange): string {
  const kind = integer ? 'a whole number' : 'a number'
  if (min === -Infinity && max === Infinity) return kind
  if (max === Infinity) return `${kind} of at least ${min}`
  if (min === -Infinity) return `${kind} of at most ${max}`
  return `${kind} from ${min} to ${max}`
}
