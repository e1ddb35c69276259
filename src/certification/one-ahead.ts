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
  const aborted = whenAborted(signal)
  let current: Promise<Result> | undefined
  for (const item of items) {
    signal?.throwIfAborted()
    const next = begin(item)
    // It is looked at when its turn comes, which an earlier failure may prevent.
    next.catch(() => undefined)
    if (current !== undefined) yield await Promise.race([current, aborted])
    current = next
  }
  signal?.throwIfAborted()
  if (current !== undefined) yield await Promise.race([current, aborted])
}

function whenAborted(signal: AbortSignal | undefined): Promise<never> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  aborted.catch(() => undefined)
  return aborted
}
