import { delimiter, isAbsolute } from 'node:path'
import { PYTHON_FOLDER } from './paths'

/**
 * Options for a Python that needs nothing of this package: it imports neither from the working directory nor from
 * environment variables.
 */
export const ISOLATED = ['-I'] as const

/** Options for a Python that runs a module of this package: it does not import from the working directory. */
export const SAFE_PATH = ['-P'] as const

/**
 * Returns environment variables with which Python and its child processes find `ftcadis_host` and nothing from the
 * working directory. Drops empty and relative entries of the user's `PYTHONPATH`, which refer to that directory.
 *
 * @param folders - Additional import folders, before the user's own.
 */
export function importEnvironment(
  folders: readonly string[] = [],
  { PYTHONPATH = '' }: Readonly<Record<string, string | undefined>> = process.env,
): { readonly PYTHONPATH: string; readonly PYTHONSAFEPATH: string } {
  const own = PYTHONPATH.split(delimiter).filter(isAbsolute)
  return { PYTHONPATH: [PYTHON_FOLDER, ...folders, ...own].join(delimiter), PYTHONSAFEPATH: '1' }
}
