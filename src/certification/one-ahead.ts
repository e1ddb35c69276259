/**
 * The results of jobs in their order, where each job is begun while the one before it is worked on: Python always has
 * the next program waiting.
 *
 * A job that fails ends this with its error; of the job after it nothing is heard. After `signal` has been aborted
 * nothing is waited for any more.
 *
 * @throws the reason of `signal`
 */
export async function* oneAhead<Item, Result>(
  items: Iterable<Item>,
  begin: (item: Item) => Promise<Result>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Result> {
  let current: Promise<Result> | undefined
  for (const item of items) {
    signal?.throwIfAborted()
    const next = begin(item)
    // It is looked at when its turn comes, which an earlier failure may prevent.
    next.catch(() => undefined)
    if (current !== undefined) yield await untilAborted(current, signal)
    current = next
  }
  signal?.throwIfAborted()
  if (current !== undefined) yield await untilAborted(current, signal)
}

/** Rejects when the signal is aborted first. `Promise.race` would keep every result for as long as the signal lives. */
function untilAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return result
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
