import { delimiter, isAbsolute } from 'node:path'
import { PYTHON_FOLDER } from './paths'

/**
 * Options of a Python that needs nothing of this package: it imports neither from the working directory nor from what the
 * environment names.
 */
export const ISOLATED = ['-I'] as const

/** Options of a Python that runs a module of this package: it does not import from the working directory. */
export const SAFE_PATH = ['-P'] as const

/**
 * The environment variables by which a Python, and every Python that it starts, finds `ftcadis_host` and nothing of the
 * working directory: entries of the user's `PYTHONPATH` that are empty or relative mean that directory, whichever it is,
 * and are left out.
 *
 * @param folders - Where else it imports from, before the user's own.
 */
export function importEnvironment(
  folders: readonly string[] = [],
  { PYTHONPATH = '' }: Readonly<Record<string, string | undefined>> = process.env,
): { readonly PYTHONPATH: string; readonly PYTHONSAFEPATH: string } {
  const own = PYTHONPATH.split(delimiter).filter(isAbsolute)
  return { PYTHONPATH: [PYTHON_FOLDER, ...folders, ...own].join(delimiter), PYTHONSAFEPATH: '1' }
}
