import { type ParseError, parse as parseCommented, printParseErrorCode } from 'jsonc-parser'
import type { z } from 'zod'
import { type Refuse, readText, refuseData } from './read-text'

/** Largest JSON file in bytes; the images of a run's samples are the largest. */
const MOST_JSON_BYTES = 100_000_000

/** Largest nesting depth of lists and objects, because readers recurse. */
const MOST_DEPTH = 100

/**
 * Reads a JSON file; undefined if it does not exist.
 *
 * @param options - `comments`: whether to accept comments and trailing commas, false by default; `schema`: of the content, which may be
 *   anything by default; `refuse`: creates the error, a DataError by default
 * @throws the error of `refuse` if the file cannot be read, is not JSON, or does not match the schema
 */
export async function readJson<T = unknown>(
  path: string,
  {
    comments = false,
    schema,
    refuse = refuseData(path),
  }: { readonly comments?: boolean; readonly schema?: z.ZodType<T>; readonly refuse?: Refuse } = {},
): Promise<T | undefined> {
  const text = await readText(path, { refuse, most: MOST_JSON_BYTES })
  if (text === undefined) return undefined
  if (depthOf(text) > MOST_DEPTH) {
    throw refuse(`has lists or objects that lie more than ${MOST_DEPTH} deep in one another`)
  }
  const content = comments ? parseWithComments(text, refuse) : parse(text, refuse)
  if (schema === undefined) return content as T
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  throw refuse(`is malformed: ${firstIssue(parsed.error)}`, undefined)
}

function parse(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw refuse(`is not JSON: ${(cause as Error).message}`, cause)
  }
}

function parseWithComments(text: string, refuse: Refuse): unknown {
  const errors: ParseError[] = []
  const content: unknown = parseCommented(text, errors, { allowTrailingComma: true })
  const [first] = errors
  if (first === undefined) return content
  const before = text.slice(0, first.offset).split('\n')
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
  const what = printParseErrorCode(first.error).replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
  throw refuse(`is not JSON:${what} at ${place}`)
}

/** Formats the first issue: `samples.0.label: Invalid input: expected number, received string`. */
export function firstIssue({ issues: [issue] }: z.ZodError): string {
  return [issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')
}

/** Returns whether a value is a JSON object: neither a list nor null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns the nesting depth of brackets outside strings. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (let place = 0; place < text.length; place++) {
    const character = text[place]
    if (character === '"') {
      for (place += 1; place < text.length && text[place] !== '"'; place++)
        if (text[place] === '\\') place += 1
    } else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth)
    else if (character === '}' || character === ']') depth -= 1
  }
  return deepest
}
