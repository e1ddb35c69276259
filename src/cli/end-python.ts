import type { Session } from '../bridge'

/** Ends Python as soon as a command is asked to stop, if nothing that it computes is worth waiting for. */
export function endPythonWhenAborted(session: Session, signal: AbortSignal): void {
  const end = () => {
    try {
      process.kill(session.pid, 'SIGTERM')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // already gone
    }
  }
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
}
