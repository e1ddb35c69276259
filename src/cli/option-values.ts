import { InvalidArgumentError } from 'commander'

export interface NumberRange {
  readonly min?: number
  readonly max?: number
  /** Whether only whole numbers are taken. Default: false. */
  readonly integer?: boolean
}

/**
 * A parser for commander's `option`: takes a number in the range, and answers anything else with the value that came
 * and what was expected.
 */
export function parseNumber({ min = -Infinity, max = Infinity, integer = false }: NumberRange) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    const isTaken =
      Number.isFinite(value) && value >= min && value <= max && (!integer || Number.isInteger(value))
    if (!isTaken) throw new InvalidArgumentError(`Expected ${describeRange({ min, max, integer })}.`)
    return value
  }
}

function describeRange({ min, max, integer }: Required<NumberRange>): string {
  const kind = integer ? 'a whole number' : 'a number'
  if (min === -Infinity && max === Infinity) return kind
  if (max === Infinity) return `${kind} of at least ${min}`
  if (min === -Infinity) return `${kind} of at most ${max}`
  return `${kind} from ${min} to ${max}`
}
