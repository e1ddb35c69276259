import { PythonStartError } from '../errors'
import { findMissing } from './inspect-environment'
import { type InterpreterOptions, resolveInterpreter } from './interpreter'
import { EXTRA_FILES, type Extra } from './paths'
import { readRequirements } from './requirements'

/**
 * Requires the packages of an extra in a Python.
 *
 * @param what - The feature that needs them, for the message.
 * @throws PythonStartError listing missing packages, with the command that installs them
 */
export async function requireExtra(
  extra: Extra,
  what: string,
  {
    files = EXTRA_FILES,
    ...options
  }: InterpreterOptions & {
    /** The package lists. Default: those of this package. */
    readonly files?: Readonly<Record<Extra, string>>
  },
): Promise<void> {
  const { path, origin } = await resolveInterpreter(options)
  const { requirements } = await readRequirements(files[extra])
  const missing = await findMissing(path, requirements)
  if (missing.length === 0) return
  const named = origin === 'option' ? ` --python ${path}` : ''
  throw new PythonStartError(
    `${what} needs ${missing.map(({ name }) => name).join(', ')}, which ${path} does not have.`,
    { remedy: `Run \`npx ft-cadis setup --with ${extra}${named}${origin === 'venv' ? '' : ' --install'}\`.` },
  )
}
