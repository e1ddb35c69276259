import { ConfigError } from '../errors'
import { isObject, readJson } from '../files/read-json'

/**
 * Reads settings from a file: JSON, optionally with comments and trailing commas. Drops `$schema`, which is for editors.
 *
 * @throws ConfigError with the file, line and column of invalid JSON
 */
export async function readSettings(path: string): Promise<Readonly<Record<string, unknown>>> {
  const refuse = (reason: string, cause?: unknown) =>
    new ConfigError(`The file of settings ${path} ${reason}.`, { remedy: 'Give a JSON file.', cause })
  const settings = await readJson(path, { comments: true, refuse })
  if (settings === undefined) throw refuse('is missing')
  if (!isObject(settings)) throw refuse('is not a JSON object')
  const { $schema: _, ...fields } = settings
  return fields
}
