import { isHangUpIgnored } from '../environment/hang-up'
import { launchRank } from '../environment/launch-rank'
import { say } from '../terminal/print'

/** Signals that ask a program to stop, and what the shell expects it to exit with. */
const EXIT_CODES: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** What a program exits with that stopped at its own time limit: the code of `timeout`. */
const TIME_LIMIT_EXIT_CODE = 124

/**
 * The exit code of a program that was asked to stop, by the reason that InterruptedError tells. A launched process that
 * comes to its time limit has not failed: another code would have the launcher start it again at once.
 */
export function interruptionExitCode(reason: string): number {
  return EXIT_CODES[reason] ?? (launchRank().worldSize > 1 ? 0 : TIME_LIMIT_EXIT_CODE)
}

/**
 * Runs a body that stops in order when its signal is aborted: by the first SIGINT (Ctrl-C), SIGTERM, or SIGHUP of a
 * terminal that is closed, with the signal's name as the reason. A SIGINT after that, or a SIGTERM after a SIGINT, ends the
 * process at once; launchers and queues may both send the same SIGTERM, and a SIGHUP never ends what has begun to stop.
 * SIGHUP does nothing where it was ignored at the start, under `nohup`.
 *
 * @param what - What will be done before the program stops, for the message on stderr.
 */
export async function interruptible<T>(what: string, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const { signal } = controller
  const ignoresHangUp = isHangUpIgnored()
  const listeners = Object.entries(EXIT_CODES).map(([name, exitCode]) => {
    const listener = () => {
      if (name === 'SIGHUP' && (ignoresHangUp || signal.aborted)) return
      if (signal.aborted && name === 'SIGTERM' && signal.reason !== 'SIGINT') return
      if (signal.aborted) process.exit(exitCode)
      // The terminal may be gone, and what is written to it must not end what is being saved.
      if (name === 'SIGHUP') for (const stream of [process.stdout, process.stderr]) stream.on('error', ignore)
      // The terminal may have written ^C, and left the line open.
      if (process.stderr.isTTY) say('')
      say(`${name}: ${what}; again to stop at once.`)
      controller.abort(name)
    }
    process.on(name, listener)
    return { name, listener }
  })
  try {
    return await body(signal)
  } finally {
    for (const { name, listener } of listeners) process.off(name, listener)
  }
}

function ignore(): void {}
