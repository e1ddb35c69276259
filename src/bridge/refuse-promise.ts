/** A recording body ends when it returns; the rest of a promise would come too late. */
export function refusePromise<T>(what: string, result: T): T {
  if (!(result instanceof Promise)) return result
  result.catch(() => undefined) // nothing else handles it
  throw new TypeError(`The body of ${what} returned a promise. Record inside of it, and await outside.`)
}
