import { join } from 'node:path'
import { PACKAGE_FOLDER } from '../files/package-folder'

/** The folder that Python imports `ftcadis_host` from. */
export const PYTHON_FOLDER = join(PACKAGE_FOLDER, 'python')

/** The one list of Python packages. */
export const REQUIREMENTS_FILE = join(PYTHON_FOLDER, 'requirements.txt')
