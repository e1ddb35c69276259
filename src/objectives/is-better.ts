import type { Evaluation } from './objective'

/** Returns whether a finite value of the metric that selects the best epoch beats the best so far; undefined if none exists yet. */
export function isBetter(value: number, before: number | undefined, is: Evaluation['best']['is']): boolean {
  if (!Number.isFinite(value)) return false
  if (before === undefined || is === 'newest') return true
  return is === 'largest' ? value > before : value < before
}
