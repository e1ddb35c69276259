import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { availableParallelism, constants, networkInterfaces } from 'node:os'
import { isHangUpIgnored } from './hang-up'
import { resolveInterpreter } from './interpreter'
import { type LaunchOptions, launchEnvironment, rankCommand, torchrunArguments } from './launch-command'
import { LAUNCH_ID } from './launch-rank'
import { importEnvironment, SAFE_PATH } from './python-path'
import { OWN_TYPESCRIPT_SETTINGS } from './typescript-runner'

/** Signals that request a stop. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Runs a program as the ranks of one launch, under torchrun. Resolves to the exit code of the rank that failed first, or
 * 128 + the number of the signal that ended it. Passes signals on to every rank, once each. torchrun and the ranks end
 * with this process, however it ends.
 *
 * @throws ConfigError for invalid options or an invalid program
 * @throws PythonStartError if no usable interpreter is found
 */
export async function launch(
  program: string,
  words: readonly string[],
  options: LaunchOptions & {
    readonly python?: string | undefined
    /** The main file of the command line, and its commands. */
    readonly main: string
    readonly commands: readonly string[]
  },
): Promise<number> {
  const command = await rankCommand(program, words, options)
  const launchId = randomUUID()
  const torchrun = torchrunArguments(options, command, launchId)
  const env = launchEnvironment(options, {
    env: process.env,
    cpus: availableParallelism(),
    interfaces: networkInterfaces(),
  })
  const interpreter = await resolveInterpreter({ python: options.python })
  const child = spawn(
    interpreter.path,
    [...SAFE_PATH, '-m', 'ftcadis_host.ranks.launch_ranks', ...torchrun],
    {
      env: {
        ...process.env,
        ...env,
        [LAUNCH_ID]: launchId,
        PYTHON_BIN: interpreter.path,
        ...importEnvironment(),
        ...(options.commands.includes(program) ? OWN_TYPESCRIPT_SETTINGS : {}),
      },
      // The fourth is a pipe: it closes with this process, which ends torchrun.
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      // Ctrl-C in a terminal reaches a whole process group. torchrun treats a second signal as impatience.
      detached: true,
    },
  )
  const forward = (signal: NodeJS.Signals) => child.kill(signal)
  for (const signal of SIGNALS) process.on(signal, forward)
  // Ranks have no terminal; only that of the launch can close.
  const ignoresHangUp = isHangUpIgnored()
  const hangUp = () => (ignoresHangUp ? false : child.kill('SIGTERM'))
  process.on('SIGHUP', hangUp)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']))
    })
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward)
    process.off('SIGHUP', hangUp)
  }
}
