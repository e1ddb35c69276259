import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Session } from '../bridge'
import { parseConfig, type RunConfig } from '../config/schema'
import { CheckpointError } from '../errors'
import { isFolder } from '../files/exists'
import { type Classifier, loadClassifier } from '../torch'
import { classifierSpec } from './specs'

/** A checkpoint and the configuration of the run that left it. */
export interface TrainedRun {
  readonly config: RunConfig
  /** Folder of the checkpoint. */
  readonly checkpoint: string
}

/**
 * Finds a checkpoint: the folder itself, or the last one of a run folder.
 *
 * @throws CheckpointError if there is none, or no `config.json` says what it belongs to
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
  return { config: await readRunConfig(run), checkpoint: isCheckpoint ? path : await lastCheckpoint(run) }
}

/**
 * Loads the classifier of a checkpoint with nothing to train. Adapters are loaded onto the off-the-shelf weights that
 * the run's configuration names.
 */
export async function loadTrainedClassifier(
  session: Session,
  { config, checkpoint }: TrainedRun,
): Promise<Classifier> {
  const { classifier, tuning } = config
  const spec = classifierSpec(classifier)
  return loadClassifier(
    session,
    tuning.kind === 'lora' ? { ...spec, adapter: checkpoint } : { ...spec, path: checkpoint },
  )
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

async function lastCheckpoint(run: string): Promise<string> {
  const folder = join(run, 'checkpoints')
  const names = (await isFolder(folder)) ? await readdir(folder) : []
  // Names are padded with zeros to two digits only.
  const last = names
    .filter(name => /^epoch-\d+$/.test(name))
    .sort((a, b) => Number(a.slice(6)) - Number(b.slice(6)))
    .at(-1)
  if (last !== undefined) return join(folder, last)
  throw new CheckpointError(`The run ${run} has left no checkpoint.`, {
    remedy: 'Let it train to the end of an epoch that leaves one.',
  })
}
