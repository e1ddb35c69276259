import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { type AnyRunConfig, parseStoredConfig } from '../config/schema'
import { CheckpointError } from '../errors'
import { fileHash } from '../files/hash'
import { readJson } from '../files/read-json'
import { replaceFolder, syncToDisk } from '../files/write'
import { runDataSchema } from '../smoothing/data-identity'
import { type SmoothedMetadata, writeSmoothed } from '../smoothing/smoothed-file'
import type { Classifier, Optimizer } from '../torch'

/**
 * A checkpoint is a folder: the weights in the format of their library, or adapters in PEFT's; the optimizer's moments;
 * and `trainer.json`, which says where the run was and what the other files must be. It is filled under another name,
 * brought to the disk and renamed: under its own name it is always whole.
 *
 * No state of a random generator is in it. All randomness is named by the seed and the place in the run.
 */

const TRAINER_FILE = 'trainer.json'
const OPTIMIZER_FILE = 'optimizer.safetensors'

const trainerSchema = z.object({
  format: z.literal(1, { error: 'expected 1, which this version reads' }),
  /** Epoch of the next update, counted from 1. */
  epoch: z.int().positive(),
  /** Updates done in it. */
  updatesInEpoch: z.int().nonnegative(),
  /** Updates since the run began. */
  step: z.int().nonnegative(),
  lossScale: z.object({ scale: z.number().positive(), goodUpdates: z.int().nonnegative() }),
  /** Updates in a row, up to this one, that were not finite. */
  nonFiniteInARow: z.int().nonnegative(),
  /** The best epoch, and its value of the metric that the objective chooses it by. */
  best: z
    .union([
      z.object({ epoch: z.int().positive(), value: z.number() }),
      // As earlier versions wrote it.
      z
        .object({ epoch: z.int().positive(), denoised: z.number() })
        .transform(({ epoch, denoised }) => ({ epoch, value: denoised })),
    ])
    .nullable(),
  skippedImages: z.int().nonnegative(),
  skippedPaths: z.array(z.string()),
  /** Bytes of `metrics.jsonl` that belong to the run up to here. */
  metricsBytes: z.int().nonnegative(),
  config: z.unknown(),
  /** The program that defined the objective; null for those of this package. */
  script: z.string().nullable().default(null),
  /** Where the off-the-shelf weights are from, with their hashes. */
  weights: z.unknown(),
  /** What the images are; null in checkpoints of earlier versions. */
  data: runDataSchema.nullable().default(null),
  versions: z.record(z.string(), z.unknown()),
  files: z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() })),
})

/** Where a run was. */
export type TrainerState = Omit<z.output<typeof trainerSchema>, 'format' | 'files' | 'config'> & {
  readonly config: AnyRunConfig
}

export interface Checkpoint {
  readonly folder: string
  readonly state: TrainerState
  /** The optimizer's moments; to load after the weights. */
  readonly optimizerFile: string
}

export interface CheckpointContent {
  readonly classifier: Classifier
  readonly optimizer: Optimizer
  /** The smoothed classifier that the weights belong to, for `smoothed.json`. */
  readonly smoothed: SmoothedMetadata
}

/**
 * Writes the checkpoint `name` of a run, in the place of one of that name.
 *
 * @returns its folder
 * @throws CheckpointError if it cannot be written; earlier checkpoints are as they were
 */
export async function writeCheckpoint(
  folder: string,
  { classifier, optimizer, smoothed }: CheckpointContent,
  state: TrainerState,
): Promise<string> {
  const parent = dirname(folder)
  const unfinished = join(parent, `.${basename(folder)}.${process.pid}.unfinished`)
  try {
    await mkdir(parent, { recursive: true })
    await classifier.save(unfinished)
    optimizer.save(join(unfinished, OPTIMIZER_FILE))
    await classifier.session.flush()
    await writeSmoothed(unfinished, smoothed)
    const files = await filesIn(unfinished)
    await writeFile(
      join(unfinished, TRAINER_FILE),
      `${JSON.stringify({ format: 1, ...state, files }, null, 2)}\n`,
    )
    for (const name of [...Object.keys(files), TRAINER_FILE, '.']) await syncToDisk(join(unfinished, name))
    await replaceFolder(unfinished, folder)
    return folder
  } catch (cause) {
    throw new CheckpointError(`The checkpoint ${folder} cannot be written: ${(cause as Error).message}`, {
      remedy: 'Make room or repair the disk, then resume: earlier checkpoints are as they were.',
      cause,
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/**
 * Reads the state of a checkpoint and checks that its files are the ones that it was written with.
 *
 * @throws CheckpointError if it is missing, cut off, or no checkpoint of this package
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const { format: _, files, ...state } = await readTrainerFile(folder, trainerSchema)
  for (const [name, expected] of Object.entries(files)) {
    const found = await describeFile(join(folder, name)).catch(() => undefined)
    if (found === undefined) throw incomplete(folder, `${name} is missing`)
    if (found.bytes !== expected.bytes) {
      throw incomplete(folder, `${name} has ${found.bytes} bytes, expected ${expected.bytes}`)
    }
    if (found.sha256 !== expected.sha256) {
      throw incomplete(folder, `${name} was changed after it was written`)
    }
  }
  return {
    folder,
    state: { ...state, config: parseStoredConfig(state.config) },
    optimizerFile: join(folder, OPTIMIZER_FILE),
  }
}

async function readTrainerFile<T>(folder: string, schema: z.ZodType<T>): Promise<T> {
  const content = await readJson(join(folder, TRAINER_FILE), {
    schema,
    refuse: (reason, cause) => incomplete(folder, `${TRAINER_FILE} ${reason}`, cause),
  })
  if (content !== undefined) return content
  throw incomplete(folder, `${TRAINER_FILE} is missing`)
}

function incomplete(folder: string, reason: string, cause?: unknown): CheckpointError {
  return new CheckpointError(`${folder} is not a complete checkpoint: ${reason}.`, {
    remedy: 'Remove the folder to use an earlier checkpoint, or give another run.',
    cause,
  })
}

/** The name of the checkpoint after an epoch. */
export function epochName(epoch: number): string {
  return `epoch-${String(epoch).padStart(2, '0')}`
}

/** The name of a checkpoint within an epoch. */
export function stepName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`
}

/** A checkpoint by its name alone. */
export interface CheckpointName {
  readonly name: string
  /** Updates since the run began. */
  readonly step: number
  /** The epoch that it ends; null within one. */
  readonly epoch: number | null
}

/**
 * The checkpoints of a run in the order of its steps; other folders are left out.
 *
 * @param options.updatesPerEpoch - where it is not known, `trainer.json` says at which step an epoch has ended
 * @throws CheckpointError if that file is damaged
 */
export async function listCheckpoints(
  checkpoints: string,
  { updatesPerEpoch }: { readonly updatesPerEpoch?: number | undefined } = {},
): Promise<CheckpointName[]> {
  const names = await readdir(checkpoints).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const found: CheckpointName[] = []
  for (const name of names) {
    const [, kind, digits] = /^(epoch|step)-(\d+)$/.exec(name) ?? []
    const number = Number(digits)
    if (kind === 'step') found.push({ name, step: number, epoch: null })
    if (kind === 'epoch') {
      const step =
        updatesPerEpoch === undefined ? await stepOf(join(checkpoints, name)) : number * updatesPerEpoch
      found.push({ name, step, epoch: number })
    }
  }
  return found.sort((first, second) => first.step - second.step)
}

async function stepOf(folder: string): Promise<number> {
  const { step } = await readTrainerFile(folder, trainerSchema.pick({ step: true }))
  return step
}

/** Removes what a process left unfinished when it was killed. */
export async function removeUnfinished(checkpoints: string): Promise<void> {
  const names = await readdir(checkpoints).catch(() => [])
  for (const name of names) {
    if (name.startsWith('.')) await rm(join(checkpoints, name), { recursive: true, force: true })
  }
}

async function filesIn(folder: string): Promise<Record<string, { bytes: number; sha256: string }>> {
  const names = (await readdir(folder)).sort()
  return Object.fromEntries(
    await Promise.all(names.map(async name => [name, await describeFile(join(folder, name))] as const)),
  )
}

async function describeFile(path: string): Promise<{ bytes: number; sha256: string }> {
  return { bytes: (await stat(path)).size, sha256: await fileHash(path) }
}
