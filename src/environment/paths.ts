import { join } from 'node:path'
import { PACKAGE_FOLDER } from '../files/package-folder'

/** The folder from which Python imports `ftcadis_host`. */
export const PYTHON_FOLDER = join(PACKAGE_FOLDER, 'python')

/** The list of Python packages. */
export const REQUIREMENTS_FILE = join(PYTHON_FOLDER, 'requirements.txt')

/** Additional packages for some commands, by their name in `setup --with`. */
export const EXTRA_FILES = { onnx: join(PYTHON_FOLDER, 'requirements-onnx.txt') } as const

export type Extra = keyof typeof EXTRA_FILES
