import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { parseConfig, type RunConfig } from '../config/schema'
import { CheckpointError } from '../errors'
import type { TrainedRun } from '../smoothing/trained-classifier'
import { listCheckpoints } from './checkpoint'

/**
 * Finds a checkpoint: the folder itself, or the newest one of a run folder.
 *
 * @throws CheckpointError if there is none, one is damaged, or no `config.json` says what it belongs to
 */
export async function findCheckpoint(folder: string): Promise<TrainedRun> {
  const path = resolve(folder)
  if (!(await isFolder(path))) {
    throw new CheckpointError(`There is no folder ${folder}.`, {
      remedy: 'Give the folder of a run, or of one of its checkpoints.',
    })
  }
  const isCheckpoint = basename(dirname(path)) === 'checkpoints'
  const run = isCheckpoint ? dirname(dirname(path)) : path
  return { config: await readRunConfig(run), checkpoint: isCheckpoint ? path : await newestOf(run) }
}

async function readRunConfig(run: string): Promise<RunConfig> {
  const path = join(run, 'config.json')
  try {
    return parseConfig((JSON.parse(await readFile(path, 'utf8')) as { config: unknown }).config)
  } catch (cause) {
    throw new CheckpointError(
      `${path}, which says what the checkpoint belongs to, cannot be used: ${(cause as Error).message}`,
      { remedy: 'Give the folder of a run, or of a checkpoint inside of one.', cause },
    )
  }
}

async function newestOf(run: string): Promise<string> {
  const folder = join(run, 'checkpoints')
  const newest = (await listCheckpoints(folder)).at(-1)
  if (newest !== undefined) return join(folder, newest.name)
  throw new CheckpointError(`The run ${run} has left no checkpoint.`, {
    remedy: 'Let it train until it leaves one.',
  })
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}
