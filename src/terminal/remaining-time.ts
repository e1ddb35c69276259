import type { UpdateReport } from '../runs/reports'

/** Updates that the estimate looks back on. */
const WINDOW = 100

interface RemainingTime {
  update(report: UpdateReport): void
  /** When an epoch's evaluation is done. */
  epoch(): void
  /** Undefined before the first update. */
  leftMs(): number | undefined
  /** Since the clock was made. */
  elapsedMs(): number
}

/**
 * How long a run will take, told from when its first update is about to begin: updates as long as the last ones, and for
 * each epoch as much time beside updates, for evaluation and checkpoints, as there was for those seen so far. What an
 * earlier part of a resumed run took makes no difference.
 */
export function remainingTime({ now = () => performance.now() }: { now?: () => number } = {}): RemainingTime {
  const begunMs = now()
  const durations: number[] = []
  let updatesMs = 0
  let besideMs = 0
  let epochsSeen = 0
  let last: { readonly report: UpdateReport; readonly isEvaluated: boolean } | undefined
  return {
    update: report => {
      last = { report, isEvaluated: false }
      updatesMs += report.durationMs
      durations.push(report.durationMs)
      if (durations.length > WINDOW) durations.shift()
    },
    epoch: () => {
      epochsSeen += 1
      besideMs = Math.max(0, now() - begunMs - updatesMs)
      if (last !== undefined) last = { ...last, isEvaluated: true }
    },
    leftMs: () => {
      if (last === undefined) return undefined
      const { step, steps, epoch, epochs } = last.report
      const updateMs = durations.reduce((sum, duration) => sum + duration, 0) / durations.length
      const epochMs = epochsSeen === 0 ? 0 : besideMs / epochsSeen
      return (steps - step) * updateMs + (epochs - epoch + (last.isEvaluated ? 0 : 1)) * epochMs
    },
    elapsedMs: () => now() - begunMs,
  }
}
