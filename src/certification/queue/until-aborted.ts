/** Rejects if the signal is aborted first. `Promise.race` would keep every result alive as long as the signal. */
export function untilAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return result
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    // Also if the signal was first: a later failure is ignored.
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
