import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DataError } from '../errors'
import { isLocked } from '../files/lock'
import { EARLIER_OBJECTIVE, type ObjectiveDescription } from '../objectives/description'
import type { MetricTable } from '../objectives/metrics'
import { type Metrics, readMetrics } from './read-metrics'
import type { RunState } from './run-folder'
import type { SamplesFile } from './watchers/sample-files'

/**
 * Reads what a run has left or is leaving. Nothing here needs Python, and nothing keeps a run from going on: its files are
 * replaced whole, or grow at their end.
 */

/** `killed`: the run says that it goes on, but its process is gone. `unknown`: nothing says how it ended. */
export type RunCondition = RunState['state'] | 'killed' | 'unknown'

export interface RunStatus {
  readonly condition: RunCondition
  /** When the run last wrote about itself. */
  readonly updatedAt: Date
  /** Why it ended where it was not to end. */
  readonly message: string | undefined
}

/** What `config.json` says, as plain data: it may be of another version of this package. */
export interface RunFacts {
  readonly config: PlainObject
  readonly weights: PlainObject
  readonly versions: PlainObject
  readonly python: PlainObject
  readonly commit: string | null
  readonly startedAt: string
  readonly objective: ObjectiveDescription
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
    best: z.object({ metric: z.string(), is: z.enum(['largest', 'smallest']) }),
  }),
})

const stateSchema: z.ZodType<RunState & { readonly updatedAt: string }> = z.object({
  state: z.enum(['running', 'interrupted', 'failed', 'finished']),
  step: z.int().nonnegative(),
  steps: z.int().nonnegative(),
  message: z.string().exactOptional(),
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
      denoised: z.array(z.object({ png: z.base64(), predicted: z.int(), kept: z.boolean() })),
    }),
  ),
})

export type PlainObject = { readonly [key: string]: unknown }

/** A record of an update that was not taken, from `non-finite/`. */
export interface NonFiniteUpdate {
  readonly file: string
  readonly record: PlainObject
}

export interface RunRecord extends Metrics {
  readonly folder: string
  readonly facts: RunFacts
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
 * @throws DataError if it is no run folder, or a file in it is malformed; see {@link readMetrics}
 */
export async function readRun(folder: string): Promise<RunRecord> {
  const facts = await readRunFacts(folder)
  const metrics = await readMetrics(join(folder, 'metrics.jsonl'))
  const step = metrics.updates.at(-1)?.step ?? 0
  const names = await namesIn(folder)
  const samplesFolder = join(folder, 'samples')
  const samples = await readEach(samplesFolder, /^epoch-\d+\.json$/)
  return {
    folder,
    facts,
    ...metrics,
    status: await readStatus(folder),
    nonFinite: (await readEach(join(folder, 'non-finite'), /\.json$/)).map(([file, record]) => ({
      file,
      record,
    })),
    // A run that goes on from a checkpoint will write those of later epochs again.
    samples: samples
      .map(([name, content]) => parsed(samplesSchema, content, join(samplesFolder, name)))
      .filter(file => file.step <= step)
      .sort((a, b) => a.epoch - b.epoch),
    certificationLogs: names
      .filter(name => /^certify-.*\.tsv$/.test(name))
      .sort()
      .map(name => join(folder, name)),
  }
}

/** @throws DataError if there is no `config.json`, or none of a run */
export async function readRunFacts(folder: string): Promise<RunFacts> {
  const path = join(folder, 'config.json')
  const facts = await readJson(path)
  if (facts === undefined) {
    throw new DataError(`${folder} is no run folder: there is no ${path}.`, {
      remedy: 'Give the folder of a run; `ft-cadis runs` lists them.',
    })
  }
  for (const part of ['config', 'weights', 'versions', 'python']) {
    if (isObject(facts[part])) continue
    throw new DataError(`${path} is not the description of a run: it has no ${part}.`, {
      remedy: 'Restore the file.',
    })
  }
  const { objective } = facts
  return {
    ...(facts as unknown as RunFacts),
    objective: isObject(objective) ? parsed(objectiveSchema, objective, path) : EARLIER_OBJECTIVE,
  }
}

/** Whether the run goes on, or how it ended. */
export async function readStatus(folder: string): Promise<RunStatus> {
  const path = join(folder, 'state.json')
  const content = await readJson(path)
  // An update under way is newer than the state, which is written at checkpoints.
  const metricsAt = await modifiedAt(join(folder, 'metrics.jsonl'))
  if (content === undefined)
    return { condition: 'unknown', updatedAt: metricsAt ?? new Date(0), message: undefined }
  const state = parsed(stateSchema, content, path)
  const stateAt = new Date(state.updatedAt)
  const isKilled = state.state === 'running' && !(await isLocked(join(folder, 'run.lock')))
  return {
    condition: isKilled ? 'killed' : state.state,
    updatedAt: metricsAt !== undefined && metricsAt > stateAt ? metricsAt : stateAt,
    message: state.message,
  }
}

/** The JSON objects in a folder, by the names of their files; empty where there is no folder. */
async function readEach(
  folder: string,
  name: RegExp,
): Promise<(readonly [name: string, content: PlainObject])[]> {
  const names = (await namesIn(folder)).filter(candidate => name.test(candidate)).sort()
  const contents = await Promise.all(names.map(candidate => readJson(join(folder, candidate))))
  return names.flatMap((candidate, position) => {
    const content = contents[position]
    return content === undefined ? [] : [[candidate, content] as const]
  })
}

function parsed<T>(schema: z.ZodType<T>, content: PlainObject, path: string): T {
  const result = schema.safeParse(content)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new DataError(`${path} is malformed: ${issue?.path.join('.')}: ${issue?.message}.`, {
    remedy: 'Restore the file, or remove it.',
  })
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

async function modifiedAt(path: string): Promise<Date | undefined> {
  return stat(path).then(
    ({ mtime }) => mtime,
    () => undefined,
  )
}

/** Undefined where there is no such file. */
async function readJson(path: string): Promise<PlainObject | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined
    throw new DataError(`${path} cannot be read: ${cause.message}.`, { remedy: 'See to its rights.', cause })
  })
  if (text === undefined) return undefined
  try {
    const content: unknown = JSON.parse(text)
    if (isObject(content)) return content
  } catch {
    // Answered below, like everything else that is no object.
  }
  throw new DataError(`${path} is no JSON object.`, { remedy: 'Restore the file, or remove it.' })
}

function isObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
