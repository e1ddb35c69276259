import { createRequire } from 'node:module'
import { join } from 'node:path'
import { execa } from 'execa'
import { register } from 'tsx/cjs/api'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { forkedPython } from './forked-python'
import { TYPESCRIPT } from './typescript'

const MAIN = join(PACKAGE_FOLDER, 'src', 'cli', 'main.ts')

/** What a command leaves, as of a process. */
export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface Surroundings {
  /** The working directory. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * Runs a command in this process, which saves the start of Node. A process of its own is needed to look at signals and terminals, and
 * beside an open session, since a process has one Python.
 */
export function runHere(...words: readonly string[]): Promise<Ended> {
  return runHereIn({ folder: PACKAGE_FOLDER, env: forkedPython() }, ...words)
}

/** Runs a command as {@link runHere} does, in a working directory and an environment. */
export async function runHereIn({ folder, env }: Surroundings, ...words: readonly string[]): Promise<Ended> {
  if (process.env.NODE_V8_COVERAGE) return runInOwnProcess({ folder, env }, words)
  // Under tsx, as where the sources are run: they load commands by `require`.
  const load = createRequire(MAIN)
  const unregister = register()
  const written = { stdout: '', stderr: '' }
  const { exitCode } = process
  const before = process.cwd()
  const restore = [keepOutput(written), setEnvironment(env)]
  process.exitCode = undefined
  process.chdir(folder)
  try {
    const { createFtCadis } = load('./ft-cadis') as typeof import('../../src/cli/ft-cadis')
    const { runMain } = load('./program') as typeof import('../../src/cli/program')
    await runMain(() => createFtCadis().parseAsync(['node', 'ft-cadis', ...words]))
    return {
      exitCode: Number(process.exitCode ?? 0),
      stdout: written.stdout.replace(/\n$/, ''),
      stderr: written.stderr.replace(/\n$/, ''),
    }
  } finally {
    process.chdir(before)
    for (const back of restore) back()
    process.exitCode = exitCode
    await unregister()
  }
}

/** For coverage, which cannot follow the lines of tsx: in a process that ends, whose programs are counted. */
async function runInOwnProcess({ folder, env }: Surroundings, words: readonly string[]): Promise<Ended> {
  const {
    exitCode = 1,
    stdout,
    stderr,
  } = await execa(process.execPath, [...TYPESCRIPT, MAIN, ...words], {
    ...{ cwd: folder, env, reject: false },
  })
  return { exitCode, stdout, stderr }
}

/** Keeps what is written to stdout and stderr, until the function that it returns is called. */
function keepOutput(written: Record<'stdout' | 'stderr', string>): () => void {
  const restore = (['stdout', 'stderr'] as const).map(name => {
    const stream = process[name]
    const { write } = stream
    stream.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
      written[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
      for (const done of rest) if (typeof done === 'function') done()
      return true
    }
    return () => {
      stream.write = write
    }
  })
  const { log, error } = console
  console.log = (...values: unknown[]) => void process.stdout.write(`${values.join(' ')}\n`)
  console.error = (...values: unknown[]) => void process.stderr.write(`${values.join(' ')}\n`)
  return () => {
    for (const back of restore) back()
    Object.assign(console, { log, error })
  }
}

/** Sets environment variables, and returns what sets them back. */
function setEnvironment(env: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(env).map(name => [name, process.env[name]] as const)
  Object.assign(process.env, env)
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}
