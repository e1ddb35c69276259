import { join } from 'node:path'

/** The folder of this package's package.json, seen from `src/files` and from `dist/files` alike. */
export const PACKAGE_FOLDER = join(__dirname, '..', '..')
