import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser'
import { ConfigError } from '../errors'
import { isObject, readText } from '../files/read-json'

/**
 * The settings in a file: JSON, with comments and trailing commas where one wants them. `$schema`, which editors read, is
 * left out.
 *
 * @throws ConfigError that names the file, and the line and column of what is no JSON
 */
export async function readSettings(path: string): Promise<Readonly<Record<string, unknown>>> {
  const refuse = (reason: string, cause?: unknown) =>
    new ConfigError(`The file of settings ${path} ${reason}.`, { remedy: 'Give a JSON file.', cause })
  const text = await readText(path, refuse)
  if (text === undefined) throw refuse('is missing')
  const errors: ParseError[] = []
  const settings: unknown = parse(text, errors, { allowTrailingComma: true })
  const [first] = errors
  if (first !== undefined) {
    const before = text.slice(0, first.offset).split('\n')
    const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
    throw refuse(`is not JSON: ${inWords(printParseErrorCode(first.error))} at ${place}`)
  }
  if (!isObject(settings)) throw refuse('is not a JSON object')
  const { $schema: _, ...fields } = settings
  return fields
}

/** `PropertyNameExpected` as `property name expected`. */
function inWords(code: string): string {
  return code.replace(/(?<!^)[A-Z]/g, letter => ` ${letter.toLowerCase()}`).toLowerCase()
}
