import type { Evaluation } from './objective'

/** Whether a finite value of the metric that epochs are chosen by is better than the best before; undefined where there is none. */
export function isBetter(value: number, before: number | undefined, is: Evaluation['best']['is']): boolean {
  if (!Number.isFinite(value)) return false
  if (before === undefined || is === 'newest') return true
  return is === 'largest' ? value > before : value < before
}
