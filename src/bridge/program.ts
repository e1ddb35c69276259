/**
 * The wire format between TypeScript and Python. A program is one JSON text: instructions in order, each with the operation, the handles it
 * makes, the handles it takes, its plain parameters, and the handles that die after it. The answer is one JSON text: the values of the
 * handles read, or the failure and its position.
 */

import { PythonError } from '../errors'

/** A plain value that can be sent in either direction. Numbers may be non-finite; `$number` is a reserved key. */
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
  /** Handles to read, in the order of the answer. */
  readonly reads: readonly number[]
}

/** A Python exception. */
export interface PythonException {
  readonly type: string
  readonly message: string
  readonly traceback: string
}

/** Python's report about an instruction that raised. */
export interface Failure extends PythonException {
  /** Index of the failing instruction, or -1 if a value could not be read. */
  readonly index: number
  /** If that one calls a procedure: the index of the failing instruction within it. */
  readonly inner: number | null
  readonly operation: string
}

export type Answer =
  | { readonly values: readonly Plain[]; readonly seconds: number }
  | { readonly failure: Failure; readonly seconds: number }

/** Numbers that an answer encodes as words, since JSON has none. `_encode_non_finite` in the Python host writes them. */
const NON_FINITE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

/**
 * Returns whether JSON would change a number on its way to Python. It has no NaN and no infinities, `JSON.stringify` drops the sign of -0,
 * and whole numbers beyond 2^53 would arrive as integers, the largest of which fit into no tensor.
 */
function needsWords(value: number): boolean {
  if (Number.isSafeInteger(value)) return Object.is(value, -0)
  return Number.isInteger(value) || !Number.isFinite(value)
}

/** Encodes such a number as `{"$number": "NaN"}`, so that no string is ever mistaken for one. */
function encodeNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'number' || !needsWords(value)) return value
  return { $number: Object.is(value, -0) ? '-0' : String(value) }
}

function decodeNonFinite(_key: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && '$number' in value) {
    return NON_FINITE[String(value.$number)]
  }
  return value
}

function hasNumberInWords(value: Plain): boolean {
  if (typeof value === 'number') return needsWords(value)
  if (Array.isArray(value)) return value.some(hasNumberInWords)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNumberInWords)
}

/** Encodes instructions as arrays, since there are many. */
export function encodeInstructions(instructions: readonly Instruction[]): Plain[][] {
  return instructions.map(({ operation, makes, takes, parameters, frees }) => [
    operation,
    makes,
    takes,
    parameters,
    frees,
  ])
}

/** Returns the JSON text of a program. */
export function encodeProgram({ instructions, frees, reads }: Program): string {
  const rows = encodeInstructions(instructions)
  const needsReplacer = instructions.some(({ parameters }) => hasNumberInWords(parameters))
  return JSON.stringify({ instructions: rows, frees, reads }, needsReplacer ? encodeNumber : undefined)
}

/**
 * Decodes an answer in JSON from {@link encodeProgram}'s counterpart in Python.
 *
 * @param options - `values`: number of requested values
 * @throws PythonError if the text is not an answer, or does not match the request
 */
export function decodeAnswer(text: string, { values }: { readonly values: number }): Answer {
  let answer: unknown
  try {
    answer = JSON.parse(text, text.includes('"$number"') ? decodeNonFinite : undefined)
  } catch {
    // Handled below, like every other invalid answer.
  }
  if (isAnswer(answer, values)) return answer
  const said = text.length > 100 ? `${text.slice(0, 100)} … (${text.length} characters)` : text
  throw new PythonError(
    {
      ...{ pythonType: 'ProtocolError', pythonMessage: `Python gave no answer to what was asked: ${said}.` },
      ...{ traceback: '', operation: 'read', recordedAt: 'the read' },
    },
    { remedy: 'Install the package again if something has changed its files; else report this as a defect.' },
  )
}

function isAnswer(answer: unknown, values: number): answer is Answer {
  if (typeof answer !== 'object' || answer === null || !('seconds' in answer)) return false
  if (typeof answer.seconds !== 'number') return false
  if ('values' in answer) return Array.isArray(answer.values) && answer.values.length === values
  return 'failure' in answer && isFailure(answer.failure)
}

function isFailure(failure: unknown): failure is Failure {
  if (typeof failure !== 'object' || failure === null) return false
  const { index, inner, ...texts } = failure as { readonly [field: string]: unknown }
  const named = [texts.type, texts.message, texts.traceback, texts.operation]
  const isPlace = Number.isInteger(index) && (inner === null || Number.isInteger(inner))
  return isPlace && named.every(text => typeof text === 'string')
}
