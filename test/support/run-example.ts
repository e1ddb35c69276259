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

/** Runs a script of `test/support`, which makes files for a test or reads them, in a fork. */
export async function runSupportScript(name: string, ...words: string[]): Promise<string> {
  const { path } = await resolveInterpreter()
  const { stdout } = await execa(path, [join(PACKAGE_FOLDER, 'test', 'support', name), ...words], {
    env: { ...forkedPython(), HF_HUB_OFFLINE: '1' },
  })
  return stdout
}

/** What Python that an export has printed computes, and the metadata of the model card beside it. */
export interface Snippet {
  readonly logits: readonly number[][]
  readonly card: Record<string, unknown>
}

/** Runs Python that exports have printed, each by its file and the folder of the export, on images in a JSON file. */
export async function runSnippets(
  images: string,
  exports: readonly (readonly [file: string, folder: string])[],
): Promise<readonly Snippet[]> {
  const { path } = await resolveInterpreter()
  const script = join(PACKAGE_FOLDER, 'test', 'support', 'run_snippets.py')
  const { stdout } = await execa(path, [script, images, ...exports.flat()])
  return JSON.parse(stdout)
}
