import { join } from 'node:path'
import { PACKAGE_FOLDER } from '../files/package-folder'

/** The folder that Python imports `ftcadis_host` from. */
export const PYTHON_FOLDER = join(PACKAGE_FOLDER, 'python')

/** The one list of Python packages. */
export const REQUIREMENTS_FILE = join(PYTHON_FOLDER, 'requirements.txt')

/** The packages beside the list that some commands need, by the name that `setup --with` takes. */
export const EXTRA_FILES = { onnx: join(PYTHON_FOLDER, 'requirements-onnx.txt') } as const

export type Extra = keyof typeof EXTRA_FILES
