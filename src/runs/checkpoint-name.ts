import { resolve, sep } from 'node:path'

/** The name of a checkpoint: the epoch that it completes, or its step. */
export const CHECKPOINT_NAME = /^(epoch|step)-(\d+)$/

/** Returns the name of the checkpoint after a complete epoch. */
export function epochName(epoch: number): string {
  return `epoch-${String(epoch).padStart(2, '0')}`
}

/** Returns the name of a checkpoint within an epoch. */
export function stepName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`
}

/** Returns the name of the checkpoint that a path names or is inside; undefined if none. */
export function checkpointNameIn(path: string): string | undefined {
  const parts = resolve(path).split(sep)
  const name = parts[parts.lastIndexOf('checkpoints') + 1]
  return name !== undefined && CHECKPOINT_NAME.test(name) ? name : undefined
}
