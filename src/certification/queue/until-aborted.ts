/** Rejects when the signal is aborted first. `Promise.race` would keep every result for as long as the signal lives. */
export function untilAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return result
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    // Also where nobody waits for it any more: then its failure is nobody's.
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
