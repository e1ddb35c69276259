import { access, constants, readdir, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Session } from '../bridge'
import { parseConfig, type RunConfigInput } from '../config/schema'
import { FtCadisError } from '../errors'
import { given } from '../files/given'
import { leavesCheckpoint, type Passes, planRun, type RunPlan, trainingPasses } from '../runs/plan-run'
import { RUN_PARTS } from '../runs/run-folder'
import { checkClasses } from '../smoothing/check-classes'
import { noiseLevelOf } from '../smoothing/noise-and-denoise'
import type { NoiseLevel } from '../smoothing/noise-level'
import { classifierSpec, datasetSpec, denoiserSpec } from '../smoothing/specs'
import {
  type Classifier,
  type Dataset,
  type Denoiser,
  denoisingPeak,
  loadClassifier,
  loadDenoiser,
  type MemoryNow,
  memoryNow,
  type NetworkBytes,
  networkBytes,
  openDataset,
  trainingPeak,
} from '../torch'
import type { FinetuneHooks } from './hooks'

/** What a run would do and take, as far as it can be known. What could not be found out is `undefined`. */
export interface DryRun {
  /** Everything that would keep the run from its end, a sentence each. */
  readonly problems: readonly string[]
  readonly level?: NoiseLevel
  readonly trainImages?: number
  readonly testImages?: number
  readonly classes?: number
  readonly parameters?: { readonly total: number; readonly trainable: number }
  readonly plan?: RunPlan
  readonly passes?: Passes
  /** Bytes of all checkpoints, and what the disk has left. */
  readonly disk?: { readonly needed: number; readonly free: number }
  /** Bytes at the worst moment on the device of the networks, and what it has left beside them. */
  readonly memory?: MemoryEstimate
}

export interface MemoryEstimate {
  /** Weights of denoiser and classifier. */
  readonly weights: number
  /** What stays beside them: the two moments of AdamW, and the copy that judges where D_nh is not updated. */
  readonly state: number
  /** One micro-batch: graphs, attack, gradients, or the denoiser's own if that is more. */
  readonly microBatch: number
  /** What is left now, with the weights loaded. */
  readonly free: number
}

/**
 * Checks everything that can be checked before the first step, with the loaders that training uses, and plans the run.
 * Nothing is trained or written, but for the converted weights that the loader keeps beside a denoiser's file.
 *
 * @throws ConfigError if the configuration itself is not acceptable; every other problem is returned
 */
export async function dryRun(
  session: Session,
  input: RunConfigInput,
  { stopAfterUpdates }: Pick<FinetuneHooks, 'stopAfterUpdates'> = {},
): Promise<DryRun> {
  const config = parseConfig(input)
  const problems: string[] = []
  const attempt = async <T>(check: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await check()
    } catch (error) {
      if (!(error instanceof FtCadisError)) throw error
      problems.push(error.message)
      return undefined
    }
  }
  const denoiser = await attempt(() =>
    loadDenoiser(session, denoiserSpec(config.denoiser), { dtype: config.denoiser.dtype }),
  )
  const classifier = await attempt(() =>
    loadClassifier(session, classifierSpec(config.classifier, config.tuning)),
  )
  const trainSet = await attempt(() => openDataset(session, datasetSpec(config.data, 'train')))
  const testSet = await attempt(() => openDataset(session, datasetSpec(config.data, 'test')))
  try {
    const level = denoiser && (await attempt(() => noiseLevelOf(denoiser, config.method.sigma)))
    const images = trainSet?.description.length
    const plan =
      images === undefined
        ? undefined
        : await attempt(() => planRun(config, { trainImages: images, stopAfterUpdates }))
    if (classifier && testSet) await attempt(() => checkClasses(classifier, testSet))
    const sizes =
      classifier && (await session.compute(() => ({ classifier: networkBytes(classifier) }))).classifier
    const disk = sizes && plan && (await diskSpace(config.output, checkpointBytes(sizes, config, plan)))
    if (disk && disk.needed > disk.free) {
      problems.push(
        `The checkpoints take ${gigabytes(disk.needed)}, but the disk of ${config.output} has ${gigabytes(disk.free)} left. Make room, or choose another output folder.`,
      )
    }
    problems.push(...(await problemsOfOutput(config.output)))
    const memory =
      denoiser && classifier && trainSet && plan
        ? await attempt(() => estimateMemory({ denoiser, classifier, trainSet }, { config, plan }))
        : undefined
    if (memory && memory.state + memory.microBatch > memory.free) {
      problems.push(
        `A micro-batch of ${plan?.imagesPerMicroBatch} images is estimated to take ${gigabytes(memory.state + memory.microBatch)} beside the weights, but ${session.facts.deviceName} has ${gigabytes(memory.free)} left. Lower optimisation.imagesPerMicroBatch.`,
      )
    }
    return {
      problems: [...new Set(problems)],
      ...given({
        level,
        trainImages: images,
        testImages: testSet?.description.length,
        classes: testSet?.description.classes.length,
        parameters: classifier &&
          sizes && { total: sizes.parameters, trainable: classifier.trainableParameters },
        plan,
        passes:
          plan &&
          classifier &&
          trainingPasses(config, {
            images: plan.updates * config.optimisation.imagesPerUpdate,
            attacksWholeBatch: classifier.description.usesBatchStatistics,
          }),
        disk,
        memory,
      }),
    }
  } finally {
    session.free([denoiser, classifier, trainSet, testSet])
    await session.flush().catch(() => undefined) // what failed is reported already
  }
}

type Config = ReturnType<typeof parseConfig>

async function estimateMemory(
  networks: { denoiser: Denoiser; classifier: Classifier; trainSet: Dataset },
  { config, plan }: { config: Config; plan: RunPlan },
): Promise<MemoryEstimate> {
  const { denoiser, classifier, trainSet } = networks
  const { imageShape } = trainSet.description
  const images = plan.imagesPerMicroBatch * config.method.noises
  const attacked = config.method.adversarial === 'none' ? 0 : images
  const found = await denoiser.session.compute(() => ({
    denoiser: networkBytes(denoiser),
    classifier: networkBytes(classifier),
    denoising: denoisingPeak(denoiser, { imageShape, images }),
    training: trainingPeak(classifier, { imageShape, images, attacked }),
    now: memoryNow(denoiser.session),
  }))
  return {
    weights: found.denoiser.weights + found.classifier.weights,
    state: 2 * found.classifier.trainable + (config.method.updateSelection ? 0 : found.classifier.weights),
    // The gradients of earlier micro-batches stay while the next one is denoised.
    microBatch: Math.max(found.denoising + found.classifier.trainable, found.training),
    free: freeOnDevice(found.now),
  }
}

function freeOnDevice({ deviceFree, hostFree }: MemoryNow): number {
  return deviceFree ?? hostFree
}

/** Of all checkpoints that stay, and of the one that is being written beside them. */
function checkpointBytes(sizes: NetworkBytes, config: Config, plan: RunPlan): number {
  const epochs = Array.from({ length: plan.epochs }, (_, index) => index + 1)
  const chosen = epochs.filter(epoch => leavesCheckpoint(epoch, config, plan)).length
  const { keepLast, keepBest } = config.checkpoints
  const checkpoints = chosen + keepLast + (keepBest ? 1 : 0) + 1
  const moments = 2 * sizes.trainable
  return checkpoints * (moments + (config.tuning.kind === 'lora' ? sizes.trainable : sizes.weights))
}

async function diskSpace(folder: string, needed: number): Promise<{ needed: number; free: number }> {
  const { bavail, bsize } = await statfs(await existingParent(folder))
  return { needed, free: bavail * bsize }
}

async function problemsOfOutput(folder: string): Promise<string[]> {
  const parent = await existingParent(folder)
  try {
    await access(parent, constants.W_OK)
  } catch {
    return [`The folder ${parent} cannot be written. Choose another output folder.`]
  }
  const names = parent === resolve(folder) ? await readdir(parent).catch(() => null) : []
  if (names === null) return [`The output ${folder} is no folder. Choose another output folder.`]
  const earlier = names.filter(name => (RUN_PARTS as readonly string[]).includes(name))
  return earlier.length === 0
    ? []
    : [`The run folder ${folder} already holds a run (${earlier.join(', ')}). Choose another output folder.`]
}

/** The folder itself, or the nearest one above it that exists. */
async function existingParent(folder: string): Promise<string> {
  const path = resolve(folder)
  try {
    await access(path)
    return path
  } catch {
    return dirname(path) === path ? path : existingParent(dirname(path))
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
