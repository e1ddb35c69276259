import type { AnyRunConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { type Checkpoint, removeUnfinished } from '../runs/checkpoint'
import type { RunPlan } from '../runs/plan-run'
import { newestCheckpoint, requireSameRun } from '../runs/resume'
import { RunFolder } from '../runs/run-folder'
import type { ProcessGroup } from '../torch'
import type { FinetuneHooks } from './hooks'

/** Where a run writes, and where it goes on. */
export interface OpenedRun {
  /** The folder, which the first process alone writes; null in the others. */
  readonly folder: RunFolder | null
  /** The checkpoint to go on from; null for a new run. */
  readonly checkpoint: Checkpoint | null
}

type Decision = { readonly checkpoint: Checkpoint | null } | { readonly refusal: string }

/**
 * Opens the run folder in the first process, decides there whether the run is a new one, and tells the others.
 *
 * @throws ConfigError if the folder is in use, cannot be written, or holds a run that is not to be touched
 * @throws CheckpointError if the run cannot be resumed
 */
export async function openRun(
  group: ProcessGroup,
  config: AnyRunConfig,
  {
    plan,
    existing,
    isRestart,
  }: {
    plan: RunPlan
    /** Whether a launcher has started this process anew. */
    isRestart: boolean
  } & Pick<FinetuneHooks, 'existing'>,
): Promise<OpenedRun> {
  if (group.rank > 0) {
    const decision: Decision = JSON.parse(await group.broadcast(''))
    if ('checkpoint' in decision) return { folder: null, checkpoint: decision.checkpoint }
    throw new ConfigError(`The first process refused to begin: ${decision.refusal}`, {
      remedy: 'See the message of rank 0.',
    })
  }
  let folder: RunFolder | undefined
  try {
    folder = await RunFolder.open(config.output)
    const checkpoint = await chooseCheckpoint(folder, config, {
      plan,
      // What a launcher starts anew goes on, whatever its first start was told to do with an earlier run.
      existing: isRestart ? 'resume' : (existing ?? 'refuse'),
    })
    await group.broadcast(JSON.stringify({ checkpoint } satisfies Decision))
    return { folder, checkpoint }
  } catch (error) {
    await folder?.close()
    await group.broadcast(JSON.stringify({ refusal: (error as Error).message } satisfies Decision))
    throw error
  }
}

async function chooseCheckpoint(
  folder: RunFolder,
  config: AnyRunConfig,
  { plan, existing }: { plan: RunPlan; existing: NonNullable<FinetuneHooks['existing']> },
): Promise<Checkpoint | null> {
  if (existing === 'refuse' && folder.earlier.length > 0) {
    throw new ConfigError(
      `The run folder ${folder.path} already holds a run (${folder.earlier.join(', ')}).`,
      { remedy: 'Resume it, or choose another output folder.' },
    )
  }
  if (existing !== 'resume') return null
  await removeUnfinished(folder.checkpoints)
  const checkpoint = await newestCheckpoint(folder.checkpoints, plan)
  if (checkpoint !== null) requireSameRun(checkpoint, config)
  return checkpoint
}
