import { isHangUpIgnored } from '../environment/hang-up'
import { launchRank } from '../environment/launch-rank'
import { say } from '../terminal/print'

/** Signals that ask a program to stop, and the exit codes that shells expect. */
const EXIT_CODES: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** Exit code of a program that stopped at its own time limit: that of `timeout`. */
const TIME_LIMIT_EXIT_CODE = 124

/**
 * Returns the exit code of a program that was asked to stop, by the reason of InterruptedError. A launched process at its
 * time limit has not failed: with another code, the launcher would restart it at once.
 */
export function interruptionExitCode(reason: string): number {
  return EXIT_CODES[reason] ?? (launchRank().worldSize > 1 ? 0 : TIME_LIMIT_EXIT_CODE)
}

/**
 * Runs a body that stops cleanly when its signal is aborted: at the first SIGINT (Ctrl-C), SIGTERM, or SIGHUP of a closed
 * terminal, with the signal's name as the reason. A later SIGINT, or a SIGTERM after a SIGINT, ends the process at once.
 * A repeated SIGTERM is ignored, because launchers and queues may both send it; so is SIGHUP during a stop, and if it was
 * ignored at the start, under `nohup`.
 *
 * @param what - What is done before the program stops, for the message on stderr.
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
      // The terminal may be gone; errors writing to it must not interrupt saving.
      if (name === 'SIGHUP') for (const stream of [process.stdout, process.stderr]) stream.on('error', ignore)
      // The terminal may have printed ^C without a newline.
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
