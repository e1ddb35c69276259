import { join } from 'node:path'

/** The folder of this package's package.json, the same from `src/files` and `dist/files`. */
export const PACKAGE_FOLDER = join(__dirname, '..', '..')
