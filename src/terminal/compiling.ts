import { formatDuration } from './training-line'

/** Shorter compilations are not printed. */
const TOLD_FROM_MS = 1000

/** The display while torch compiles networks, a separate phase without finished images. */
export interface CompilingPhase {
  onCompiling(isCompiling: boolean): void
  /** The current live line; undefined if nothing is compiling. */
  line(): string | undefined
  /** Total compile time so far, in milliseconds. */
  spentMs(): number
}

/**
 * Follows compilation by torch. Prints permanent lines: one at the first start, and one for each long compilation.
 *
 * @param print - writes a permanent line
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
