import { join } from 'node:path'
import { execa } from 'execa'
import { PACKAGE_FOLDER } from '../../src/environment/paths'

/** Runs a command of this package in a folder where no Python is to be found. */
export function runWithoutPython(cwd: string, ...words: string[]) {
  const main = join(PACKAGE_FOLDER, 'src', 'cli', 'main.ts')
  const tsNode = join(PACKAGE_FOLDER, 'node_modules', 'ts-node', 'register', 'transpile-only')
  return execa(process.execPath, ['-r', tsNode, main, ...words], {
    cwd,
    reject: false,
    env: { PATH: '', PYTHON_BIN: '/nowhere', TS_NODE_PROJECT: join(PACKAGE_FOLDER, 'tsconfig.json') },
  })
}
