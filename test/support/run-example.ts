import { join } from 'node:path'
import { execa } from 'execa'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { forkedPython } from './forked-python'
import { TYPESCRIPT } from './typescript'

/** Runs a TypeScript program of this package as a user does, without type checks, which another test makes. */
export function runProgram(program: string, ...words: string[]) {
  return execa('node', [...TYPESCRIPT, join(PACKAGE_FOLDER, program), ...words], {
    cwd: PACKAGE_FOLDER,
    env: forkedPython(),
    reject: false,
  })
}

/** Runs a program with a Python that is started whole: for tests that kill it. */
export function runWithOwnPython(program: string, ...words: string[]) {
  return execa('node', [...TYPESCRIPT, join(PACKAGE_FOLDER, program), ...words], {
    cwd: PACKAGE_FOLDER,
    reject: false,
  })
}

/** Runs a script of `test/support` in the interpreter of the tests. */
export async function runSupportScript(name: string, ...words: string[]): Promise<string> {
  const { path } = await resolveInterpreter()
  const { stdout } = await execa(path, [join(PACKAGE_FOLDER, 'test', 'support', name), ...words])
  return stdout
}
