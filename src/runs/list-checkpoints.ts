import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CheckpointError } from '../errors'
import { namesIn } from '../files/names-in'
import { REPLACED, recoverReplaced } from '../files/write'
import { readCheckpointPlace } from './checkpoint'
import { CHECKPOINT_NAME } from './checkpoint-name'

/** A checkpoint in a run folder. */
export interface ListedCheckpoint {
  readonly name: string
  /** Updates since the run began. */
  readonly step: number
  /** The epoch that it completes; null within one. */
  readonly epoch: number | null
}

/**
 * Returns the checkpoints of a run, ordered by the step in their `trainer.json`; ignores other folders.
 *
 * @param options - `damaged`: `skip` omits those with an unusable `trainer.json`. Default: `refuse`
 * @throws CheckpointError if that file is damaged
 */
export async function listCheckpoints(
  checkpoints: string,
  { damaged = 'refuse' }: { readonly damaged?: 'refuse' | 'skip' } = {},
): Promise<ListedCheckpoint[]> {
  const names = await namesIn(checkpoints)
  const listed: ListedCheckpoint[] = []
  for (const name of names) {
    // Left by a run that was killed while replacing it, and not restored since.
    const proper = name.startsWith(REPLACED) ? name.slice(REPLACED.length) : name
    if (!CHECKPOINT_NAME.test(proper) || (proper !== name && names.includes(proper))) continue
    try {
      const { step, updatesInEpoch } = await readCheckpointPlace(join(checkpoints, name))
      const [, kind, number] = CHECKPOINT_NAME.exec(proper) ?? []
      // Earlier versions gave a partial epoch the name of a complete one.
      const isWhole = kind === 'epoch' && updatesInEpoch === 0
      listed.push({ name, step, epoch: isWhole ? Number(number) : null })
    } catch (error) {
      if (damaged === 'refuse' || !(error instanceof CheckpointError)) throw error
    }
  }
  return listed.sort((first, second) => first.step - second.step)
}

/** Restores folders that a killed process was replacing, and removes its unfinished ones. */
export async function clearUnfinished(checkpoints: string): Promise<void> {
  await recoverReplaced(checkpoints)
  const names = await namesIn(checkpoints)
  for (const name of names) {
    if (/^\..*\.unfinished$/.test(name)) await rm(join(checkpoints, name), { recursive: true, force: true })
  }
}
