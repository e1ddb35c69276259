/** The name of a checkpoint: the epoch that it ends, or its step. */
export const CHECKPOINT_NAME = /^(epoch|step)-(\d+)$/

/** The name of the checkpoint after a whole epoch. */
export function epochName(epoch: number): string {
  return `epoch-${String(epoch).padStart(2, '0')}`
}

/** The name of a checkpoint within an epoch. */
export function stepName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`
}
