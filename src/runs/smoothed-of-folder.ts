import { basename, dirname, join, resolve } from 'node:path'
import { certificationOf } from '../config/schema'
import { isFile, isFolder } from '../files/exists'
import { readSmoothed } from '../smoothing/smoothed-file'
import { type KnownSmoothed, type SmoothedInput, smoothedOfSettings } from '../smoothing/smoothed-input'
import { ensembleOfRuns, factsOfMembers, memberRuns } from './ensemble-of-runs'
import { findCheckpoint } from './find-checkpoint'

/**
 * Returns the smoothed classifier in a folder. Its `output` is that of the run.
 *
 * @param path - folder of a run, of a checkpoint, with `smoothed.json`, or of an ensemble whose members are runs; or the
 * file `smoothed.json` itself
 * @param options - `checkpoint`: checkpoint of a run, see `findCheckpoint`. Default: the newest
 * @throws CheckpointError if there is none, or it is damaged; ConfigError if members conflict
 */
export async function smoothedOfFolder(
  path: string,
  { checkpoint }: { readonly checkpoint?: string | undefined } = {},
): Promise<KnownSmoothed> {
  const folder = basename(path) === 'smoothed.json' ? dirname(path) : path
  const here = checkpoint === undefined ? await readSmoothed(folder) : undefined
  if (here !== undefined) return withOutput(here, runOf(resolve(folder)))
  const members = await memberRuns(folder, { checkpoint })
  if (members !== undefined) {
    const config = { ...ensembleOfRuns(members), output: resolve(folder) }
    return { config, ...(await factsOfMembers(members)) }
  }
  const run = await findCheckpoint(folder, { checkpoint })
  const found = (await readSmoothed(run.checkpoint)) ?? {
    config: certificationOf(run.config, run.checkpoint),
  }
  return withOutput(found, runOf(run.checkpoint))
}

/**
 * Resolves an input to its settings and known facts.
 *
 * @throws CheckpointError as {@link smoothedOfFolder}; ConfigError for invalid settings
 */
export async function smoothedOf(input: SmoothedInput): Promise<KnownSmoothed> {
  return typeof input === 'string' ? smoothedOfFolder(input) : smoothedOfSettings(input)
}

/** Whether a path looks like an input of {@link smoothedOfFolder}. Looks at file names only: the files may be damaged. */
export async function isSmoothed(path: string): Promise<boolean> {
  if (basename(path) === 'smoothed.json') return isFile(path)
  const found = await Promise.all([
    basename(dirname(resolve(path))) === 'checkpoints' && isFolder(path),
    isFile(join(path, 'smoothed.json')),
    ...['checkpoints', 'members'].map(name => isFolder(join(path, name))),
  ])
  return found.includes(true)
}

/** Returns the run folder of a checkpoint, or else the folder itself. */
function runOf(folder: string): string {
  const parent = dirname(folder)
  return basename(parent) === 'checkpoints' ? dirname(parent) : folder
}

function withOutput(source: KnownSmoothed, output: string): KnownSmoothed {
  return { ...source, config: { ...source.config, output } }
}
