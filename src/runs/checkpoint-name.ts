import { resolve, sep } from 'node:path'

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

/** The name of the checkpoint that a path is of or lies in; undefined where it is of none. */
export function checkpointNameIn(path: string): string | undefined {
  const parts = resolve(path).split(sep)
  const name = parts[parts.lastIndexOf('checkpoints') + 1]
  return name !== undefined && CHECKPOINT_NAME.test(name) ? name : undefined
}
