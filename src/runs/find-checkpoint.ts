import { basename, dirname, join, resolve } from 'node:path'
import { type AnyRunConfig, parseStoredConfig } from '../config/schema'
import { CheckpointError } from '../errors'
import { isFolder } from '../files/exists'
import { readJson } from '../files/read-json'
import type { TrainedRun } from '../smoothing/trained-classifier'
import { listCheckpoints } from './list-checkpoints'

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
  return { config: await readRunConfig(run, folder), checkpoint: isCheckpoint ? path : await newestOf(run) }
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
    throw new CheckpointError(`${folder} is no run and no checkpoint of one: there is no ${path}.`, {
      remedy: 'Give the folder of a run, which `ft-cadis runs` lists, or of a checkpoint inside of one.',
    })
  }
  try {
    return parseStoredConfig(Object(content).config)
  } catch (cause) {
    throw refuse(`cannot be used: ${(cause as Error).message}`, cause)
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
