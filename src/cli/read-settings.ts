import { ConfigError } from '../errors'
import { isObject, readJson } from '../files/read-json'

/**
 * The settings in a file: JSON, with comments and trailing commas where one wants them. `$schema`, which editors read, is
 * left out.
 *
 * @throws ConfigError that names the file, and the line and column of what is not JSON
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
