import type { UpdateReport } from '../runs/reports'

/** Number of recent updates in the estimate. */
const WINDOW = 100

interface RemainingTime {
  update(report: UpdateReport): void
  /** Call when the evaluation of an epoch is done. */
  epoch(): void
  /** Undefined before the first update. */
  leftMs(): number | undefined
  /** Since the clock was created. */
  elapsedMs(): number
}

/**
 * Estimates the remaining time of a run, from just before its first update. It assumes updates as long as the recent
 * ones, and for each epoch the same time for evaluation and checkpoints as in previous ones. Earlier parts of a resumed
 * run do not count.
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
