import type { Session } from '../bridge'
import type { HookTraces } from '../config/hook-trace'
import type { AnyRunConfig } from '../config/schema'
import { CheckpointError, ConfigError } from '../errors'
import type { Checkpoint } from '../runs/checkpoint'
import { clearUnfinished } from '../runs/list-checkpoints'
import { requireMetrics } from '../runs/metrics-file'
import type { RunPlan } from '../runs/plan-run'
import { readState } from '../runs/read-run'
import { newestCheckpoint, requireOwnFormat, requireSameRun, requireSameStreams } from '../runs/resume'
import { RunFolder } from '../runs/run-folder'
import { requireSameHooks } from '../runs/same-hooks'
import type { ProcessGroup } from '../torch'
import type { FinetuneHooks } from './hooks'

/** The folder of a run, and the point where it continues. */
export interface OpenedRun {
  /** The folder, which only the first process writes; null in the others. */
  readonly folder: RunFolder | null
  /** The checkpoint to continue from; null for a new run. */
  readonly checkpoint: Checkpoint | null
}

/** Facts about the launch that all ranks know. */
export interface Launch {
  /** Names of the launch on its machines; see `LaunchRank`. */
  readonly ids: readonly string[]
  /** Whether the launcher has restarted the ranks. */
  readonly isRestart: boolean
}

/** Asks every rank. A machine that joins late has counted no restart. */
export async function launchOf(group: ProcessGroup, { launch }: Session): Promise<Launch> {
  const { restartCount, launchId } = launch
  const ranks = await group.gather({ restartCount, launchId })
  return {
    ids: [...new Set(ranks.flatMap(rank => rank.launchId ?? []))].sort(),
    isRestart: ranks.some(rank => rank.restartCount > 0),
  }
}

type Decision = { readonly checkpoint: Checkpoint | null } | { readonly refusal: string }

/**
 * Opens the run folder in the first process, which decides whether the run is new and tells the others.
 *
 * @throws ConfigError if the folder is in use, cannot be written, or holds a run that must not be changed
 * @throws CheckpointError if the run cannot be resumed
 */
export async function openRun(
  group: ProcessGroup,
  config: AnyRunConfig,
  {
    existing,
    launch,
    ...run
  }: { plan: RunPlan; launch: Launch; traces: HookTraces } & Pick<
    FinetuneHooks,
    'existing' | 'acceptChangedHooks'
  >,
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
    const consent = await consentTo(folder, { existing: existing ?? 'refuse', launch })
    const checkpoint = await chooseCheckpoint(folder, config, { ...run, existing: consent })
    await group.broadcast(JSON.stringify({ checkpoint } satisfies Decision))
    return { folder, checkpoint }
  } catch (error) {
    await folder?.close()
    await group.broadcast(JSON.stringify({ refusal: (error as Error).message } satisfies Decision))
    throw error
  }
}

/**
 * Returns the permitted action for the run in the folder. A launcher that restarts its ranks repeats the original options, but a run of the
 * same launch resumes: a retry consents to nothing.
 *
 * @throws ConfigError for a restart with `replace` that cannot tell whether its own launch started the run
 */
async function consentTo(
  folder: RunFolder,
  { existing, launch }: { existing: NonNullable<FinetuneHooks['existing']>; launch: Launch },
): Promise<NonNullable<FinetuneHooks['existing']>> {
  if (!launch.isRestart || folder.earlier.length === 0) return existing
  const { launchIds = [] } = (await readState(folder.path)) ?? {}
  if (launchIds.some(id => launch.ids.includes(id))) return 'resume'
  if (existing !== 'replace' || launch.ids.length > 0) return existing
  throw new ConfigError(
    `The launcher has restarted its ranks, and nothing says whether it has begun the run in ${folder.path} or is to replace it.`,
    {
      remedy:
        'Start by `ft-cadis launch`, or set FT_CADIS_LAUNCH_ID to a name that no other launch has. To continue with the run, resume it.',
    },
  )
}

async function chooseCheckpoint(
  folder: RunFolder,
  config: AnyRunConfig,
  {
    plan,
    existing,
    traces,
    acceptChangedHooks,
  }: {
    plan: RunPlan
    existing: NonNullable<FinetuneHooks['existing']>
    traces: HookTraces
    acceptChangedHooks?: boolean | undefined
  },
): Promise<Checkpoint | null> {
  if (existing === 'refuse' && folder.earlier.length > 0) {
    throw new ConfigError(
      `The run folder ${folder.path} already holds a run (${folder.earlier.join(', ')}).`,
      {
        remedy:
          "Resume it (--resume, existing: 'resume'), replace it (--replace, existing: 'replace'), or choose another output folder.",
      },
    )
  }
  if (existing !== 'resume') return null
  await clearUnfinished(folder.checkpoints)
  const checkpoint = await newestCheckpoint(folder.checkpoints, plan)
  if (checkpoint === null) {
    await requireNeverSaved(folder)
    return null
  }
  requireOwnFormat(checkpoint, config)
  requireSameStreams(checkpoint)
  requireSameRun(checkpoint, config)
  requireSameHooks(checkpoint, traces, { acceptChanged: acceptChangedHooks })
  await requireMetrics(folder.metricsPath, checkpoint.state)
  return checkpoint
}

/** A run that was killed before its first checkpoint starts over; one whose checkpoints are gone does not. */
async function requireNeverSaved({ path, earlier }: RunFolder): Promise<void> {
  if (!earlier.includes('metrics.jsonl')) return
  const state = await readState(path)
  if (state?.checkpoint === null) return
  const lost =
    state?.checkpoint === undefined ? '' : `, the newest of them ${state.checkpoint} at step ${state.step}`
  throw new CheckpointError(
    `The run in ${path} has metrics, but its checkpoints are gone${lost}: resuming would begin it again and remove what it has left.`,
    { remedy: 'Restore the folder checkpoints, or choose another output folder for a new run.' },
  )
}
