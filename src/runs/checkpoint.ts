import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { z } from 'zod'
import { hookTracesSchema } from '../config/hook-trace'
import { type AnyRunConfig, parseStoredConfig } from '../config/schema'
import { CheckpointError } from '../errors'
import { diskRemedy } from '../files/disk-remedy'
import { fileHash } from '../files/hash'
import { isObject, readJson } from '../files/read-json'
import { replaceFolder, syncToDisk, writeDurably, writeWhole } from '../files/write'
import { runDataSchema } from '../smoothing/data-identity'
import { type SmoothedMetadata, writeSmoothed } from '../smoothing/smoothed-file'
import { UNRECORDED_STREAMS_VERSION } from '../streams'
import type { AnyDenoiser, Classifier, Optimizer } from '../torch'
import { CHECKPOINT_NAME } from './checkpoint-name'

/**
 * A checkpoint is a folder: the weights in the format of their library, or adapters in PEFT's; the optimizer's moments;
 * and `trainer.json`, which records the position in the run and the hashes of the other files, and is sealed by a digest.
 * It is written under another name, synced to disk and renamed, so under its own name it is always complete.
 *
 * It contains no state of a random generator. All randomness derives from the seed and the position in the run.
 */

const TRAINER_FILE = 'trainer.json'
/** The format of `trainer.json` in this version. */
export const TRAINER_FORMAT = 2
const OPTIMIZER_FILE = 'optimizer.safetensors'

const trainerSchema = z.object({
  /** Format 1 is that of versions before the seal. */
  format: z.literal([1, TRAINER_FORMAT], { error: 'expected 1 or 2, which this version reads' }),
  /** Epoch of the next update, counted from 1. */
  epoch: z.int().positive(),
  /** Completed updates of that epoch. */
  updatesInEpoch: z.int().nonnegative(),
  /** Updates since the run began. */
  step: z.int().nonnegative(),
  /** Updates of a complete epoch; absent in format 1. */
  updatesPerEpoch: z.int().positive().exactOptional(),
  lossScale: z.object({ scale: z.number().positive(), goodUpdates: z.int().nonnegative() }),
  /** Consecutive non-finite updates, up to this one. */
  nonFiniteInARow: z.int().nonnegative(),
  /** The best epoch, with its value of the objective's selection metric. */
  best: z
    .union([
      z.object({ epoch: z.int().positive(), value: z.number() }),
      // The form of earlier versions.
      z
        .object({ epoch: z.int().positive(), denoised: z.number() })
        .transform(({ epoch, denoised }) => ({ epoch, value: denoised })),
    ])
    .nullable(),
  skippedImages: z.int().nonnegative(),
  skippedPaths: z.array(z.string()),
  /** Bytes of `metrics.jsonl` that belong to the run so far. */
  metricsBytes: z.int().nonnegative(),
  /** SHA-256 of these bytes; absent in versions that did not record it. */
  metricsSha256: z.string().exactOptional(),
  config: z.unknown(),
  /** The program that defined the objective; null for objectives of this package. */
  script: z.string().nullable().default(null),
  /** The functions of the script used in training; null in versions that did not record them. */
  hooks: hookTracesSchema.nullable().default(null),
  /** Source of the off-the-shelf weights, with hashes. */
  weights: z.unknown(),
  /** Description of the images; null in checkpoints of earlier versions. */
  data: runDataSchema.nullable().default(null),
  /** Version of the rule that derives the run's random numbers from their names. */
  streams: z.int().positive().default(UNRECORDED_STREAMS_VERSION),
  versions: z.record(z.string(), z.unknown()),
  files: z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() })),
})

/** The fields needed to order checkpoints. */
const placeSchema = z.object({
  step: z.int().nonnegative(),
  updatesInEpoch: z.int().nonnegative().default(0),
})

/** Returns the schema of a file that ends with the digest of everything else in it. Format 1 has none. */
function sealed<T>(schema: z.ZodType<T>): z.ZodType<T> {
  return z
    .unknown()
    .superRefine((file, context) => {
      if (!isObject(file) || file.format !== 2) return
      const { sha256, ...content } = file
      if (sha256 === sealOf(content)) return
      context.addIssue({ code: 'custom', message: 'it was changed after it was written' })
    })
    .pipe(schema)
}

function sealOf(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex')
}

function trainerText(state: TrainerState, files: TrainerFile['files']): string {
  // As it will be read: without values that JSON cannot represent.
  const content = JSON.parse(JSON.stringify({ format: TRAINER_FORMAT, ...state, files }))
  return `${JSON.stringify({ ...content, sha256: sealOf(content) }, null, 2)}\n`
}

type TrainerFile = z.output<typeof trainerSchema>

/** The position in a run. */
export type TrainerState = Omit<TrainerFile, 'format' | 'files' | 'config'> & {
  readonly config: AnyRunConfig
}

export interface Checkpoint {
  readonly folder: string
  /** The format of its `trainer.json`. */
  readonly format: TrainerFile['format']
  readonly state: TrainerState
  /** The optimizer's moments; load them after the weights. */
  readonly optimizerFile: string
}

export interface CheckpointContent {
  /** The trained networks, each with its folder inside the checkpoint. */
  readonly networks: readonly { readonly folder: string; readonly network: Classifier | AnyDenoiser }[]
  readonly optimizer: Optimizer
  /** The smoothed classifier of each network, for the `smoothed.json` next to its weights; null for a denoiser. */
  readonly smoothed: SmoothedMetadata | null
}

/**
 * Writes the checkpoint `name` of a run, replacing one of that name.
 *
 * @returns its folder
 * @throws CheckpointError if it cannot be written; earlier checkpoints stay unchanged
 */
export async function writeCheckpoint(
  folder: string,
  { networks, optimizer, smoothed }: CheckpointContent,
  state: TrainerState,
): Promise<string> {
  const parent = dirname(folder)
  const unfinished = join(parent, `.${basename(folder)}.${randomUUID()}.unfinished`)
  try {
    await mkdir(parent, { recursive: true })
    for (const { folder: own, network } of networks) await network.save(join(unfinished, own))
    optimizer.save(join(unfinished, OPTIMIZER_FILE))
    await optimizer.session.flush()
    if (smoothed !== null) {
      for (const { folder: own } of networks) await writeSmoothed(join(unfinished, own), smoothed)
    }
    const files = await filesIn(unfinished)
    await writeWhole(join(unfinished, TRAINER_FILE), trainerText(state, files))
    for (const path of entriesOf([...Object.keys(files), TRAINER_FILE])) {
      await syncToDisk(join(unfinished, path))
    }
    await replaceFolder(unfinished, folder)
    return folder
  } catch (cause) {
    throw cannotWrite(folder, cause)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/**
 * Replaces the state of a checkpoint with a later one for the same weights and moments, and renames it to `name`. Used to
 * add the results of an evaluation to a checkpoint written before it. The checkpoint is complete at every moment.
 *
 * @returns its folder
 * @throws CheckpointError if it is damaged, or cannot be written
 */
export async function updateCheckpoint(folder: string, name: string, state: TrainerState): Promise<string> {
  const { files } = await readTrainerFile(folder)
  const renamed = join(dirname(folder), name)
  try {
    await writeDurably(join(folder, TRAINER_FILE), trainerText(state, files))
    if (renamed !== folder) await replaceFolder(folder, renamed)
    return renamed
  } catch (cause) {
    throw cannotWrite(renamed, cause)
  }
}

function cannotWrite(folder: string, cause: unknown): CheckpointError {
  return new CheckpointError(`The checkpoint ${folder} cannot be written: ${(cause as Error).message}`, {
    remedy: `${diskRemedy(cause)}, then resume: earlier checkpoints are as they were.`,
    cause,
  })
}

/**
 * Reads the state of a checkpoint and verifies that its files are the original ones.
 *
 * @throws CheckpointError if it is missing, truncated, or no checkpoint of this package
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const { format, files, ...state } = await readTrainerFile(folder)
  for (const [name, expected] of Object.entries(files)) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found === undefined) throw incomplete(folder, `${name} is missing`)
    if (!found.isFile()) throw incomplete(folder, `${name} is not a file`)
    if (found.size !== expected.bytes) {
      throw incomplete(folder, `${name} has ${found.size} bytes, expected ${expected.bytes}`)
    }
    if ((await fileHash(join(folder, name))) !== expected.sha256) {
      throw incomplete(folder, `${name} was changed after it was written`)
    }
  }
  return {
    folder,
    format,
    state: { ...state, config: parseStoredConfig(withParameterGroups(state.config)) },
    optimizerFile: join(folder, OPTIMIZER_FILE),
  }
}

/** Adds `optimisation.parameterGroups` to runs of earlier versions without it: they used the released groups. */
function withParameterGroups(config: unknown): unknown {
  if (!isObject(config) || !isObject(config.optimisation)) return config
  return { ...config, optimisation: { parameterGroups: 'released', ...config.optimisation } }
}

/** Reads only the position of a checkpoint; throws as {@link readCheckpoint}. */
export async function readCheckpointPlace(folder: string): Promise<z.output<typeof placeSchema>> {
  return readSealed(folder, placeSchema)
}

async function readTrainerFile(folder: string): Promise<TrainerFile> {
  const content = await readSealed(folder, trainerSchema)
  const contradiction = contradictionIn(content, checkpointNumber(basename(folder)))
  if (contradiction === undefined) return content
  throw incomplete(folder, `${TRAINER_FILE} contradicts itself: ${contradiction}`)
}

async function readSealed<T>(folder: string, schema: z.ZodType<T>): Promise<T> {
  const content = await readJson(join(folder, TRAINER_FILE), {
    schema: sealed(schema),
    refuse: (reason, cause) => incomplete(folder, `${TRAINER_FILE} ${reason}`, cause),
  })
  if (content !== undefined) return content
  throw incomplete(folder, `${TRAINER_FILE} is missing`)
}

/** Returns the epoch or step in the name of a checkpoint's folder, which may have been renamed. */
function checkpointNumber(name: string): { epoch?: number; step?: number } {
  const [, kind, digits] = CHECKPOINT_NAME.exec(name) ?? []
  return kind === undefined ? {} : { [kind]: Number(digits) }
}

/** Returns a contradiction between the numbers of a state. */
function contradictionIn(
  { format, epoch, updatesInEpoch, updatesPerEpoch, step, best }: TrainerFile,
  named: { readonly epoch?: number; readonly step?: number },
): string | undefined {
  if (updatesPerEpoch !== undefined) {
    if (updatesInEpoch > updatesPerEpoch)
      return `${updatesInEpoch} updates are done in an epoch of ${updatesPerEpoch}`
    const expected = (epoch - 1) * updatesPerEpoch + updatesInEpoch
    if (step !== expected)
      return `update ${updatesInEpoch} of ${updatesPerEpoch} in epoch ${epoch} is step ${expected}, not ${step}`
  }
  if (best !== null && best.epoch > epoch) return `epoch ${best.epoch} is the best one in epoch ${epoch}`
  if (named.step !== undefined && named.step !== step)
    return `the folder is of step ${named.step}, not ${step}`
  if (named.epoch === undefined) return undefined
  // In format 1 this is also the name of a partial epoch.
  const isOfEpoch = epoch === named.epoch + 1 ? updatesInEpoch === 0 : format === 1 && epoch === named.epoch
  return isOfEpoch ? undefined : `the folder is of the end of epoch ${named.epoch}`
}

function incomplete(folder: string, reason: string, cause?: unknown): CheckpointError {
  return new CheckpointError(`${folder} is not a complete checkpoint: ${reason}.`, {
    remedy: 'Remove the folder to use an earlier checkpoint, or give another run.',
    cause,
  })
}

async function filesIn(folder: string): Promise<Record<string, { bytes: number; sha256: string }>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
  return Object.fromEntries(
    await Promise.all(
      names.sort().map(async name => {
        const path = join(folder, name)
        return [name, { bytes: (await stat(path)).size, sha256: await fileHash(path) }] as const
      }),
    ),
  )
}

/** Returns files, then their folders, from the innermost to the outermost. */
function entriesOf(files: readonly string[]): string[] {
  const folders = files.flatMap(file => {
    const parts = file.split('/').slice(0, -1)
    return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'))
  })
  const innermostFirst = [...new Set(folders)].sort((a, b) => b.length - a.length)
  return [...files, ...innermostFirst, '.']
}
