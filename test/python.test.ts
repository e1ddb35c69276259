import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { resolveInterpreter } from '../src/environment/interpreter'
import { PYTHON_FOLDER } from '../src/environment/paths'
import { PACKAGE_FOLDER } from '../src/files/package-folder'

const TIMEOUT_MS = 600_000

test(
  'the tests of the Python part pass',
  async () => {
    const { path } = await resolveInterpreter()
    const pythonPath = [PYTHON_FOLDER, process.env.PYTHONPATH].filter(Boolean).join(delimiter)
    const finished = await execa(path, ['-m', 'unittest', 'discover', '-s', join('test', 'python'), '-v'], {
      cwd: PACKAGE_FOLDER,
      env: { PYTHONPATH: pythonPath },
      all: true,
      reject: false,
    })
    expect(finished.exitCode, finished.all).toBe(0)
    expect(finished.all).toMatch(/^Ran [1-9]\d* tests? in/m)
  },
  TIMEOUT_MS,
)
