import { basename, dirname, join, resolve } from 'node:path'
import { type AnyRunConfig, parseStoredConfig } from '../config/schema'
import { CheckpointError } from '../errors'
import { readJson } from '../files/read-json'
import { requireFolder } from '../smoothing/require-folder'
import type { TrainedRun } from '../smoothing/trained-classifier'
import { type ListedCheckpoint, listCheckpoints } from './list-checkpoints'
import { bestEpoch } from './list-runs'
import { readLatestMetrics } from './read-metrics'
import { readRunMetadata } from './read-run'

/**
 * Finds a checkpoint: the folder itself, or one of a run folder.
 *
 * @param options - `checkpoint`: Checkpoint of a run: `last`, the newest; `best`, of the best epoch by the metric of the objective; or a
 *   name such as `epoch-05`. Default `last`
 * @throws CheckpointError if there is none, one is damaged, or it lacks a `config.json`
 */
export async function findCheckpoint(
  folder: string,
  { checkpoint = 'last' }: { readonly checkpoint?: string | undefined } = {},
): Promise<TrainedRun> {
  const path = resolve(folder)
  await requireFolder(folder)
  const isCheckpoint = basename(dirname(path)) === 'checkpoints'
  if (isCheckpoint && checkpoint !== 'last') {
    throw new CheckpointError(
      `${folder} is a checkpoint itself, so there is none in it to choose: ${checkpoint}.`,
      {
        remedy: 'Give the folder of the run instead.',
      },
    )
  }
  const run = isCheckpoint ? dirname(dirname(path)) : path
  return {
    config: await readRunConfig(run, folder),
    checkpoint: isCheckpoint ? path : await choose(run, checkpoint),
  }
}

async function readRunConfig(run: string, folder: string): Promise<AnyRunConfig> {
  const path = join(run, 'config.json')
  const refuse = (reason: string, cause?: unknown) =>
    new CheckpointError(`${path}, which says what the checkpoint belongs to, ${reason}.`, {
      remedy: 'Give the folder of a run, or of a checkpoint inside of one.',
      cause,
    })
  const content = await readJson(path, { refuse })
  if (content === undefined) {
    throw new CheckpointError(`${folder} is neither a run nor a checkpoint of one: ${path} does not exist.`, {
      remedy: 'Give the folder of a run, which `ft-cadis runs` lists, or of a checkpoint inside of one.',
    })
  }
  try {
    return parseStoredConfig(Object(content).config)
  } catch (cause) {
    throw refuse(`cannot be used: ${(cause as Error).message}`, cause)
  }
}

async function choose(run: string, checkpoint: string): Promise<string> {
  const folder = join(run, 'checkpoints')
  const listed = await listCheckpoints(folder)
  const newest = listed.at(-1)
  if (newest === undefined) {
    throw new CheckpointError(`The run ${run} has left no checkpoint.`, {
      remedy: 'Let it train until it leaves one.',
    })
  }
  const chosen =
    checkpoint === 'last'
      ? newest
      : checkpoint === 'best'
        ? await bestOf(run, listed)
        : listed.find(({ name }) => name === checkpoint)
  if (chosen !== undefined) return join(folder, chosen.name)
  throw new CheckpointError(`The run ${run} has no checkpoint ${checkpoint}.`, {
    remedy: `Choose last, best or one of ${listed.map(({ name }) => name).join(', ')}.`,
  })
}

/** Returns the checkpoint of the best epoch by the metric of the objective. */
async function bestOf(run: string, listed: readonly ListedCheckpoint[]): Promise<ListedCheckpoint> {
  const { objective } = await readRunMetadata(run)
  const { metric } = objective.evaluation.best
  const { epochs } = await readLatestMetrics(join(run, 'metrics.jsonl'))
  const best = bestEpoch(epochs, objective.evaluation.best)
  const found = listed.find(({ epoch }) => epoch !== null && epoch === best?.epoch)
  if (found !== undefined) return found
  throw new CheckpointError(
    best === undefined
      ? `No epoch of the run ${run} has been evaluated, so none is the best by ${metric}.`
      : `Epoch ${best.epoch} of the run ${run} is the best by ${metric}, but its checkpoint is not there.`,
    { remedy: `Choose last or one of ${listed.map(({ name }) => name).join(', ')}.` },
  )
}
