import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { allocatorEnvironment } from '../../src/bridge/allocator'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { importEnvironment } from '../../src/environment/python-path'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

/**
 * Pythons for tests that are not about the start of Python: forks of one that has imported torch, diffusers and timm, which takes
 * three seconds of processor time each. `forked/sitecustomize.py` becomes one instead of the Python that a session starts.
 * Not for another copy of this package, such as an installed one: the imports are those of this checkout.
 */

const FOLDER = join(PACKAGE_FOLDER, 'test', 'support', 'forked')

/** Environment variables with which sessions have forks. */
export function forkedPython(
  { PYTHONPATH }: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  return { PYTHONPATH: [FOLDER, ...others(PYTHONPATH)].join(delimiter) }
}

function others(path: string | undefined): string[] {
  return path?.split(delimiter).filter(folder => folder !== FOLDER) ?? []
}

/** Has forks for all sessions of this file, and of the programs that it starts. */
export function useForkedPython(): void {
  Object.assign(process.env, forkedPython())
}

/** Runs something whose sessions have forks. */
export function withForkedPython<T>(run: () => Promise<T>): Promise<T> {
  return withPath(forkedPython().PYTHONPATH ?? '', run)
}

/** Runs something whose sessions start Python, in a file that has forks. */
export function withWholePython<T>(run: () => Promise<T>): Promise<T> {
  return withPath(others(process.env.PYTHONPATH).join(delimiter), run)
}

async function withPath<T>(path: string, run: () => Promise<T>): Promise<T> {
  const { PYTHONPATH } = process.env
  process.env.PYTHONPATH = path
  try {
    return await run()
  } finally {
    if (PYTHONPATH === undefined) delete process.env.PYTHONPATH
    else process.env.PYTHONPATH = PYTHONPATH
  }
}

/** Starts the server of the forks, which imports when it is first asked; returns what ends it. */
export async function startForking(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-forks-'))
  const address = join(folder, 'socket')
  const { path } = await resolveInterpreter()
  const server = spawn(path, [join(FOLDER, 'server.py'), address], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: {
      ...process.env,
      // Those of a session.
      ...importEnvironment([dirname(require.resolve('pythonia')), FOLDER]),
      ...allocatorEnvironment(),
      HF_HUB_OFFLINE: '1',
    },
  })
  process.env.FT_CADIS_FORKS = address
  return async () => {
    server.stdin.end()
    await new Promise(resolve => server.once('exit', resolve))
    await rm(folder, { recursive: true })
  }
}
