import { type Ended, runHereIn } from './run-here'

/** Runs a command of this package in a folder where no Python is to be found. */
export function runWithoutPython(folder: string, ...words: readonly string[]): Promise<Ended> {
  return runHereIn({ folder, env: { PATH: '', PYTHON_BIN: '/nowhere' } }, ...words)
}
