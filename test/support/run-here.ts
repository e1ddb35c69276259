import { createRequire } from 'node:module'
import { join } from 'node:path'
import { register } from 'tsx/cjs/api'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { withForkedPython } from './forked-python'

/** What a command leaves, as of a process. */
export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command in this process, which is many times faster than a process of its own. For commands that end with an
 * error or an answer: a process of its own is needed to look at signals, terminals and the working directory, and beside an
 * open session, since a process has one Python.
 */
export async function runHere(...words: readonly string[]): Promise<Ended> {
  // The sources load commands by `require`, so they run as they do under tsx, apart from what the tests import.
  const load = createRequire(join(PACKAGE_FOLDER, 'src', 'cli', 'main.ts'))
  const unregister = register()
  const before = process.exitCode
  process.exitCode = undefined
  const written = { stdout: '', stderr: '' }
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
  try {
    const { createFtCadis } = load('./ft-cadis') as typeof import('../../src/cli/ft-cadis')
    const { runMain } = load('./program') as typeof import('../../src/cli/program')
    await runMain(() => withForkedPython(() => createFtCadis().parseAsync(['node', 'ft-cadis', ...words])))
    const trimmed = (text: string) => text.replace(/\n$/, '')
    return {
      exitCode: Number(process.exitCode ?? 0),
      stdout: trimmed(written.stdout),
      stderr: trimmed(written.stderr),
    }
  } finally {
    for (const back of restore) back()
    Object.assign(console, { log, error })
    process.exitCode = before
    await unregister()
  }
}
