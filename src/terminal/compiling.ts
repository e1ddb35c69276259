import { formatDuration } from './training-line'

/** Shorter than this is not worth a line. */
const TOLD_FROM_MS = 1000

/** What is shown while torch compiles networks, which is its own phase: no image is done meanwhile. */
export interface CompilingPhase {
  onCompiling(isCompiling: boolean): void
  /** What a live line shows now; undefined while nothing compiles. */
  line(): string | undefined
  /** How long torch has compiled so far, in milliseconds. */
  spentMs(): number
}

/**
 * Follows what torch compiles. Lines that stay are printed: one when it first begins, and one for each time that took long.
 *
 * @param print - writes a line that stays
 */
export function compilingPhase(
  print: (line: string) => void,
  { now = () => performance.now() }: { readonly now?: () => number } = {},
): CompilingPhase {
  let begunMs: number | undefined
  let endedMs = 0
  let isTold = false
  const sinceMs = () => (begunMs === undefined ? 0 : now() - begunMs)
  return {
    onCompiling: isCompiling => {
      const tookMs = sinceMs()
      endedMs += tookMs
      begunMs = isCompiling ? now() : undefined
      if (isCompiling && !isTold) {
        isTold = true
        print('compiling networks, which takes a while')
      }
      if (!isCompiling && tookMs >= TOLD_FROM_MS) print(`compiled in ${formatDuration(tookMs)}`)
    },
    line: () => (begunMs === undefined ? undefined : `compiling networks … ${formatDuration(sinceMs())}`),
    spentMs: () => endedMs + sinceMs(),
  }
}
