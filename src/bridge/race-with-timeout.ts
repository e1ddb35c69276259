/** Resolves when one of the promises does, or at the timeout; leaves no timer behind. */
export async function raceWithTimeout(limitMs: number, ...promises: Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise(resolve => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([...promises, limit]).finally(() => clearTimeout(timer))
}
