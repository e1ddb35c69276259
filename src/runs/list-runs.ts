import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { HookTraces } from '../config/hook-trace'
import { DataError } from '../errors'
import type { ObjectiveDescription } from '../objectives/description'
import { isBetter } from '../objectives/is-better'
import type { Evaluation } from '../objectives/objective'
import { readLatestMetrics } from './read-metrics'
import { type RunStatus, readRunMetadata, readStatus, unsaidOfRun } from './read-run'
import type { EpochReport, UpdateReport } from './reports'

/** A summary of a run. */
export interface RunSummary {
  readonly folder: string
  readonly status: RunStatus
  /** Undefined before the first update. */
  readonly latest: UpdateReport | undefined
  readonly latestEpoch: EpochReport | undefined
  /** The best epoch by the metric of the objective. */
  readonly bestEpoch: EpochReport | undefined
  readonly objective: ObjectiveDescription
  /** The functions of the script that affect training; null in versions that did not record them. */
  readonly hooks: HookTraces | null
  /** Information that its files lack, because an earlier version wrote them. */
  readonly unsaid: string | undefined
  /** Bytes of `checkpoints/`. */
  readonly checkpointBytes: number
}

/** A run with invalid files. */
export interface UnreadableRun {
  readonly folder: string
  /** The problem. */
  readonly problem: string
}

export function isReadable(run: RunSummary | UnreadableRun): run is RunSummary {
  return !('problem' in run)
}

/**
 * Returns the runs at and below a folder, most recently written first. A run folder has `config.json` and
 * `metrics.jsonl`; folders inside it are not searched. An unreadable run is listed with its problem.
 *
 * @throws DataError if the folder does not exist
 */
export async function listRuns(folder: string): Promise<(RunSummary | UnreadableRun)[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    const what =
      cause.code === 'ENOENT'
        ? `The folder ${folder} does not exist.`
        : cause.code === 'ENOTDIR'
          ? `${folder} is a file, expected a folder.`
          : `The folder ${folder} cannot be listed: ${cause.message}.`
    throw new DataError(what, { remedy: 'Name the folder that your runs are in.', cause })
  })
  const runs = await Promise.all((await findRuns(folder, entries)).map(summariseRun))
  return runs.sort((a, b) => lastWritten(b) - lastWritten(a) || a.folder.localeCompare(b.folder))
}

function lastWritten(run: RunSummary | UnreadableRun): number {
  return isReadable(run) ? run.status.updatedAt.getTime() : 0
}

async function findRuns(folder: string, entries: readonly Dirent[]): Promise<string[]> {
  const names = new Set(entries.map(({ name }) => name))
  if (names.has('config.json') && names.has('metrics.jsonl')) return [folder]
  const below = entries
    .filter(entry => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map(async ({ name }) => {
      const path = join(folder, name)
      // An unreadable folder contains no run of this user.
      return findRuns(path, await readdir(path, { withFileTypes: true }).catch(() => []))
    })
  return (await Promise.all(below)).flat()
}

async function summariseRun(folder: string): Promise<RunSummary | UnreadableRun> {
  try {
    const metadata = await readRunMetadata(folder)
    const { objective, hooks } = metadata
    const { latest, epochs } = await readLatestMetrics(join(folder, 'metrics.jsonl'))
    return {
      folder,
      status: await readStatus(folder),
      latest,
      latestEpoch: epochs.at(-1),
      bestEpoch: bestEpoch(epochs, objective.evaluation.best),
      objective,
      hooks,
      unsaid: unsaidOfRun(folder, metadata),
      checkpointBytes: await bytesIn(join(folder, 'checkpoints')),
    }
  } catch (error) {
    if (error instanceof DataError) return { folder, problem: error.message }
    throw error
  }
}

/** Returns the epoch with the best finite value of a metric, the first of equals; the last epoch if no metric decides. */
export function bestEpoch(
  epochs: readonly EpochReport[],
  { metric, is }: Evaluation['best'],
): EpochReport | undefined {
  const scoreOf = ({ metrics }: EpochReport) => metrics[metric] ?? Number.NaN
  return epochs.reduce<EpochReport | undefined>(
    (best, epoch) => (isBetter(scoreOf(epoch), best && scoreOf(best), is) ? epoch : best),
    undefined,
  )
}

/** Ignores checkpoints that a run removes meanwhile. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  const sizes = entries
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) =>
      stat(join(parentPath, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
