import { join } from 'node:path'

/** The folder of this package's package.json, seen from `src/environment` and from `dist/environment` alike. */
export const PACKAGE_FOLDER = join(__dirname, '..', '..')

/** The folder that Python imports `ftcadis_host` from. */
export const PYTHON_FOLDER = join(PACKAGE_FOLDER, 'python')

/** The one list of Python packages. */
export const REQUIREMENTS_FILE = join(PYTHON_FOLDER, 'requirements.txt')
