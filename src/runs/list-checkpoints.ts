import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CheckpointError } from '../errors'
import { namesIn } from '../files/names-in'
import { REPLACED, recoverReplaced } from '../files/write'
import { readCheckpointPlace } from './checkpoint'
import { CHECKPOINT_NAME } from './checkpoint-name'

/** A checkpoint in the folder of a run. */
export interface ListedCheckpoint {
  readonly name: string
  /** Updates since the run began. */
  readonly step: number
  /** The epoch that it ends; null within one. */
  readonly epoch: number | null
}

/**
 * The checkpoints of a run in the order of the steps that their `trainer.json` says; other folders are left out.
 *
 * @param options.damaged - `skip` leaves out those whose `trainer.json` cannot be used. Default: `refuse`.
 * @throws CheckpointError if that file is damaged
 */
export async function listCheckpoints(
  checkpoints: string,
  { damaged = 'refuse' }: { readonly damaged?: 'refuse' | 'skip' } = {},
): Promise<ListedCheckpoint[]> {
  const names = await namesIn(checkpoints)
  const listed: ListedCheckpoint[] = []
  for (const name of names) {
    // One that a run was replacing when it was killed, and has not brought back since.
    const proper = name.startsWith(REPLACED) ? name.slice(REPLACED.length) : name
    if (!CHECKPOINT_NAME.test(proper) || (proper !== name && names.includes(proper))) continue
    try {
      const { step, updatesInEpoch } = await readCheckpointPlace(join(checkpoints, name))
      const [, kind, number] = CHECKPOINT_NAME.exec(proper) ?? []
      // Earlier versions gave a part of an epoch the name of the whole.
      const isWhole = kind === 'epoch' && updatesInEpoch === 0
      listed.push({ name, step, epoch: isWhole ? Number(number) : null })
    } catch (error) {
      if (damaged === 'refuse' || !(error instanceof CheckpointError)) throw error
    }
  }
  return listed.sort((first, second) => first.step - second.step)
}

/** Brings back what a process was replacing when it was killed, and removes what it left unfinished. */
export async function clearUnfinished(checkpoints: string): Promise<void> {
  await recoverReplaced(checkpoints)
  const names = await namesIn(checkpoints)
  for (const name of names) {
    if (/^\..*\.unfinished$/.test(name)) await rm(join(checkpoints, name), { recursive: true, force: true })
  }
}
