/** What was done since the clock began. */
export interface TimedWork {
  readonly elapsedMs: number
  /** Images that are done; the part of the first one that was done before is left out. */
  readonly images: number
  /** Of the first image while it is in work: noisy copies that have voted. */
  readonly copies: number
}

export interface WorkClock {
  /** An image is done. */
  image(): void
  /** Copies of the first image in work have voted. */
  copies(voted: number, of: number): void
  read(): TimedWork
}

/** Images that are done within this time of one another were in the same pass. */
export const SAME_PASS_MS = 50

/**
 * Times how images are certified. It begins when the first pass is done: what comes before is loading, hashing and warming up,
 * and says nothing about the images that are left.
 *
 * @param options - `pausedMs`: time in which no image can be done, such as that of compiling, so far
 */
export function workClock({ pausedMs = () => 0 }: { readonly pausedMs?: () => number } = {}): WorkClock {
  const nowMs = () => performance.now() - pausedMs()
  let begun: { readonly ms: number; readonly images: number; readonly copies: number } | undefined
  let images = 0
  let voted = 0
  return {
    image: () => {
      images += 1
      begun ??= { ms: nowMs(), images, copies: 0 }
      if (begun.images >= images - 1 && nowMs() - begun.ms < SAME_PASS_MS) begun = { ...begun, images }
    },
    copies: (count, of) => {
      begun ??= { ms: nowMs(), images: count / of, copies: count }
      voted = count
    },
    read: () => ({
      elapsedMs: begun === undefined ? 0 : nowMs() - begun.ms,
      images: Math.max(0, images - (begun?.images ?? 0)),
      copies: images === 0 ? Math.max(0, voted - (begun?.copies ?? 0)) : 0,
    }),
  }
}
