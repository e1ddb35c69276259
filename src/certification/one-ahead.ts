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

type OnCopies = (copies: number, of: number) => void

/** An image that takes longer is counted while it is in work. */
const SLOW_MS = 5000

/**
 * As {@link oneAhead}, but the first job tells how far it is, and so does each that follows a slow one. Such a job is worked
 * on alone, since its parts would take turns with those of the job after it; next to seconds, what Python waits for the next
 * part is nothing.
 */
export async function* countedWhileSlow<Item, Result>(
  items: readonly Item[],
  begin: (item: Item, onCopies?: OnCopies) => Promise<Result>,
  {
    signal,
    onCopies,
  }: { readonly signal?: AbortSignal | undefined; readonly onCopies?: OnCopies | undefined },
): AsyncGenerator<Result> {
  let position = 0
  for (let isSlow = onCopies !== undefined; isSlow && position < items.length; position += 1) {
    const begunMs = performance.now()
    yield* oneAhead(items.slice(position, position + 1), item => begin(item, onCopies), { signal })
    isSlow = performance.now() - begunMs >= SLOW_MS
  }
  yield* oneAhead(items.slice(position), item => begin(item), { signal })
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
