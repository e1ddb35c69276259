import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type HookTraces, hookTracesSchema } from '../config/hook-trace'
import { DataError } from '../errors'
import { unsaidNote } from '../files/earlier-format'
import { isLocked } from '../files/lock'
import { namesIn } from '../files/names-in'
import { firstIssue, isObject, readJson } from '../files/read-json'
import { EARLIER_OBJECTIVE, type ObjectiveDescription } from '../objectives/description'
import type { MetricTable } from '../objectives/metrics'
import { type RunData, runDataSchema } from '../smoothing/data-identity'
import { type Metrics, readMetrics } from './read-metrics'
import type { RunState } from './run-folder'
import type { SamplesFile } from './watchers/sample-files'

/**
 * Reads finished and current runs. Nothing here needs Python or disturbs a run: its files are replaced atomically, or
 * grow at their end.
 */

/**
 * `killed`: marked as running, but its process no longer exists. `stopped`: ended by `stopAfterUpdates` before its last
 * update. `unknown`: no record of how it ended.
 */
export type RunCondition = RunState['state'] | 'killed' | 'stopped' | 'unknown'

export interface RunStatus {
  readonly condition: RunCondition
  /** Time of the last record. */
  readonly updatedAt: Date
  /** Reason for an unplanned end. */
  readonly message: string | undefined
}

/** The content of `config.json` as plain data, possibly of another version of this package. */
export interface RunMetadata {
  readonly config: PlainObject
  readonly weights: PlainObject
  readonly versions: PlainObject
  readonly python: PlainObject
  readonly commit: string | null
  readonly startedAt: string
  readonly objective: ObjectiveDescription
  /** The functions of the script that affect training; null in versions that did not record them. */
  readonly hooks: HookTraces | null
  /** Description of the images; absent in earlier versions. */
  readonly data?: RunData
}

/** Returns a note about information that a run folder of an earlier version lacks; undefined if nothing. */
export function unsaidOfRun(folder: string, { data, hooks }: RunMetadata): string | undefined {
  return unsaidNote(folder, [
    ...(data === undefined ? ['on which images it was trained'] : []),
    ...(hooks === null ? ['by which functions of a script'] : []),
  ])
}

const metricSchema: z.ZodType<MetricTable> = z.record(
  z.string(),
  z.object({
    label: z.string(),
    caption: z.string(),
    tag: z.string(),
    unit: z.literal('share').optional(),
    isHeadline: z.boolean().optional(),
    isExact: z.boolean().optional(),
  }),
)

const objectiveSchema: z.ZodType<ObjectiveDescription> = z.object({
  kind: z.string(),
  script: z.string().nullable(),
  metrics: metricSchema,
  evaluation: z.object({
    metrics: metricSchema,
    best: z.object({ metric: z.string(), is: z.enum(['largest', 'smallest', 'newest']) }),
  }),
})

const stateSchema: z.ZodType<RunState & { readonly updatedAt: string }> = z.object({
  state: z.enum(['running', 'interrupted', 'failed', 'finished']),
  step: z.int().nonnegative(),
  steps: z.int().nonnegative(),
  planned: z.int().nonnegative().exactOptional(),
  message: z.string().exactOptional(),
  checkpoint: z.string().nullable().exactOptional(),
  launchIds: z.array(z.string()).exactOptional(),
  updatedAt: z.iso.datetime(),
})

const samplesSchema: z.ZodType<SamplesFile> = z.object({
  epoch: z.int().nonnegative(),
  step: z.int().nonnegative(),
  classes: z.array(z.string()),
  samples: z.array(
    z.object({
      index: z.int().nonnegative(),
      label: z.int().nonnegative(),
      clean: z.base64(),
      noisy: z.base64().exactOptional(),
      denoised: z.array(
        z.object({
          png: z.base64(),
          predicted: z.int().exactOptional(),
          confidence: z.number().exactOptional(),
          kept: z.boolean().exactOptional(),
        }),
      ),
    }),
  ),
})

export type PlainObject = { readonly [key: string]: unknown }

const plainObject = z.custom<PlainObject>(isObject, { error: 'expected a JSON object' })

/** A record of a skipped update, from `non-finite/`. */
export interface NonFiniteUpdate {
  readonly file: string
  readonly record: PlainObject
}

export interface RunRecord extends Metrics {
  readonly folder: string
  readonly metadata: RunMetadata
  readonly status: RunStatus
  readonly nonFinite: readonly NonFiniteUpdate[]
  /** By epoch, in ascending order. */
  readonly samples: readonly SamplesFile[]
  /** Paths of the certification logs in the folder. */
  readonly certificationLogs: readonly string[]
}

/**
 * Reads a run folder.
 *
 * @throws DataError if it is not a run folder, or one of its files is malformed; see {@link readMetrics}
 */
export async function readRun(folder: string): Promise<RunRecord> {
  const metadata = await readRunMetadata(folder)
  const metrics = await readMetrics(join(folder, 'metrics.jsonl'))
  const step = metrics.updates.at(-1)?.step ?? 0
  const samples = await readEach(join(folder, 'samples'), /^epoch-\d+\.json$/, samplesSchema)
  const nonFinite = await readEach(join(folder, 'non-finite'), /\.json$/, plainObject)
  return {
    folder,
    metadata,
    ...metrics,
    status: await readStatus(folder),
    nonFinite: nonFinite.map(([file, record]) => ({ file, record })),
    // A resumed run rewrites the samples of later epochs.
    samples: samples
      .map(([, content]) => content)
      .filter(file => file.step <= step)
      .sort((a, b) => a.epoch - b.epoch),
    certificationLogs: await certificationLogsIn(folder),
  }
}

/** Returns the paths of the certification logs in a run folder, sorted by name. */
export async function certificationLogsIn(folder: string): Promise<string[]> {
  const names = (await namesIn(folder)).filter(name => /^certify-.*\.tsv$/.test(name))
  return names.sort().map(name => join(folder, name))
}

/**
 * Reads `config.json`.
 *
 * @throws DataError if it does not exist, or is not that of a run
 */
export async function readRunMetadata(folder: string): Promise<RunMetadata> {
  const path = join(folder, 'config.json')
  const metadata = await readJson(path, { schema: plainObject })
  if (metadata === undefined) {
    throw new DataError(`${folder} is not a run folder: ${path} does not exist.`, {
      remedy: 'Give the folder of a run; `ft-cadis runs` lists them.',
    })
  }
  for (const part of ['config', 'weights', 'versions', 'python']) {
    if (isObject(metadata[part])) continue
    throw new DataError(`${path} is not the description of a run: it has no ${part}.`, {
      remedy: 'Restore the file.',
    })
  }
  const { objective, hooks, data } = metadata
  return {
    ...(metadata as unknown as RunMetadata),
    objective:
      objective === undefined
        ? EARLIER_OBJECTIVE
        : partOf('objective', objective, { schema: objectiveSchema, path }),
    hooks: hooks === undefined ? null : partOf('hooks', hooks, { schema: hookTracesSchema, path }),
    ...(data !== undefined && { data: partOf('data', data, { schema: runDataSchema, path }) }),
  }
}

function partOf<T>(
  part: string,
  content: unknown,
  { schema, path }: { readonly schema: z.ZodType<T>; readonly path: string },
): T {
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  throw new DataError(`${path} is malformed: ${part}.${firstIssue(parsed.error)}.`, {
    remedy: 'Restore the file.',
  })
}

/** Reads the last recorded state of a run; undefined if there is none. */
export async function readState(folder: string): Promise<z.output<typeof stateSchema> | undefined> {
  return readJson(join(folder, 'state.json'), { schema: stateSchema })
}

/** Returns whether the run is running, or how it ended. */
export async function readStatus(folder: string): Promise<RunStatus> {
  const state = await readState(folder)
  // Metrics may be newer than the state, which is written at checkpoints.
  const metricsAt = await modifiedAt(join(folder, 'metrics.jsonl'))
  if (state === undefined)
    return { condition: 'unknown', updatedAt: metricsAt ?? new Date(0), message: undefined }
  const stateAt = new Date(state.updatedAt)
  const isKilled = state.state === 'running' && !(await isLocked(join(folder, 'run.lock')))
  const { planned = state.step } = state
  const isStopped = state.state === 'finished' && state.step < planned
  return {
    condition: isKilled ? 'killed' : isStopped ? 'stopped' : state.state,
    updatedAt: metricsAt !== undefined && metricsAt > stateAt ? metricsAt : stateAt,
    message: isStopped ? `stopped after ${state.step} of ${planned} updates, as asked` : state.message,
  }
}

/** Reads the JSON files in a folder, by name; empty without a folder. */
async function readEach<T>(
  folder: string,
  name: RegExp,
  schema: z.ZodType<T>,
): Promise<(readonly [name: string, content: T])[]> {
  const names = (await namesIn(folder)).filter(candidate => name.test(candidate)).sort()
  const contents = await Promise.all(names.map(candidate => readJson(join(folder, candidate), { schema })))
  return names.flatMap((candidate, position) => {
    const content = contents[position]
    return content === undefined ? [] : [[candidate, content] as const]
  })
}

async function modifiedAt(path: string): Promise<Date | undefined> {
  return stat(path).then(
    ({ mtime }) => mtime,
    () => undefined,
  )
}
