/**
 * The wire format between TypeScript and Python. A program is one JSON text: instructions in order, each naming the
 * operation, the handles that it makes, the handles that it takes, its plain parameters, and the handles that die
 * after it. The answer is one JSON text: the values of the handles read, or what went wrong and where.
 */

/** A plain value that can travel in either direction. Numbers may be non-finite. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain }

/** The parameters of an instruction, by the keyword names of the Python operation. */
export type Parameters = { readonly [name: string]: Plain }

export interface Instruction {
  readonly operation: string
  /** Handles that this instruction makes. */
  readonly makes: readonly number[]
  /** Handles that this instruction takes, in the order of the operation's positional arguments. */
  readonly takes: readonly number[]
  readonly parameters: Parameters
  /** Handles whose last use this is. */
  readonly frees: number[]
}

export interface Program {
  readonly instructions: readonly Instruction[]
  /** Handles of earlier programs that die before the first instruction. */
  readonly frees: readonly number[]
  /** Handles whose values are wanted, in the order of the answer. */
  readonly reads: readonly number[]
}

/** What Python says about an instruction that raised. */
export interface Failure {
  readonly type: string
  readonly message: string
  readonly traceback: string
  /** Index of the failing instruction, or -1 when a value could not be read. */
  readonly index: number
  /** For an instruction that takes what an earlier failure left unmade: the operation that failed first. */
  readonly operation: string
}

export type Answer =
  | { readonly values: readonly Plain[]; readonly seconds: number }
  | { readonly failure: Failure; readonly seconds: number }

/** Names that JSON has no number for; see {@link encodeNumber} in the Python host for the other direction. */
const NON_FINITE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

/** A non-finite number travels as `{"$number": "NaN" | "Infinity" | "-Infinity"}`, so that no string is ever taken for one. */
function encodeNonFinite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? { $number: String(value) } : value
}

function decodeNonFinite(_key: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && '$number' in value) {
    return NON_FINITE[String(value.$number)]
  }
  return value
}

function hasNonFinite(value: Plain): boolean {
  if (typeof value === 'number') return !Number.isFinite(value)
  if (Array.isArray(value)) return value.some(hasNonFinite)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNonFinite)
}

/** The JSON text of a program. Instructions become arrays, since there are many of them. */
export function encodeProgram({ instructions, frees, reads }: Program): string {
  const rows = instructions.map(({ operation, makes, takes, parameters, frees }) => [
    operation,
    makes,
    takes,
    parameters,
    frees,
  ])
  const needsReplacer = instructions.some(({ parameters }) => hasNonFinite(parameters))
  return JSON.stringify({ instructions: rows, frees, reads }, needsReplacer ? encodeNonFinite : undefined)
}

/** The answer in a JSON text that {@link encodeProgram}'s counterpart in Python wrote. */
export function decodeAnswer(text: string): Answer {
  return JSON.parse(text, text.includes('"$number"') ? decodeNonFinite : undefined)
}
