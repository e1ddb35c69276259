import { join } from 'node:path'
import { execa } from 'execa'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { TYPESCRIPT } from './typescript'

/** Runs a command of this package in a folder where no Python is to be found. */
export function runWithoutPython(cwd: string, ...words: string[]) {
  const main = join(PACKAGE_FOLDER, 'src', 'cli', 'main.ts')
  return execa(process.execPath, [...TYPESCRIPT, main, ...words], {
    cwd,
    reject: false,
    env: { PATH: '', PYTHON_BIN: '/nowhere' },
  })
}
