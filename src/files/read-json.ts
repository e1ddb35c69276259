import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { DataError } from '../errors'

/** Makes the error for a reason that follows the name of the file: `is not JSON: Unexpected end of JSON input`. */
type Refuse = (reason: string, cause: unknown) => Error

/**
 * The text of a file; undefined where there is none.
 *
 * @param refuse - Default: a DataError.
 * @throws what `refuse` makes where the file cannot be read
 */
export async function readText(path: string, refuse = refuseData(path)): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined
    throw refuse(`cannot be read: ${cause.message}`, cause)
  })
}

/**
 * The content of a JSON file; undefined where there is no such file.
 *
 * @param options.schema - What the content must be. Default: anything.
 * @param options.refuse - Default: a DataError.
 * @throws what `refuse` makes where the file cannot be read, is not JSON, or is not what the schema says
 */
export async function readJson<T = unknown>(
  path: string,
  { schema, refuse = refuseData(path) }: { readonly schema?: z.ZodType<T>; readonly refuse?: Refuse } = {},
): Promise<T | undefined> {
  const text = await readText(path, refuse)
  if (text === undefined) return undefined
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    throw refuse(`is not JSON: ${(cause as Error).message}`, cause)
  }
  if (schema === undefined) return content as T
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  throw refuse(`is malformed: ${firstIssue(parsed.error)}`, undefined)
}

/** `samples.0.label: Invalid input: expected number, received string`. */
export function firstIssue({ issues: [issue] }: z.ZodError): string {
  return [issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')
}

/** Whether a value is what JSON calls an object: no list, and not null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuseData(path: string): Refuse {
  return (reason, cause) =>
    new DataError(`${path} ${reason}.`, {
      remedy: 'Restore the file, or the right to read it; or remove it.',
      cause,
    })
}
