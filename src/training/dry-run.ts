import { access, constants, readdir, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Session } from '../bridge'
import { trainedBy } from '../config/methods/trained'
import type { AnyRunConfig, RunConfigInput } from '../config/schema'
import { isDiffusionModel } from '../config/sources/denoisers'
import { FtCadisError } from '../errors'
import { given } from '../files/given'
import type { Footprint, Form, Objective, Passes } from '../objectives/objective'
import { findObjective } from '../objectives/registry'
import { leavesCheckpoint, planRun, type RunPlan, timesImages } from '../runs/plan-run'
import { RUN_PARTS } from '../runs/run-folder'
import { checkClasses } from '../smoothing/check-classes'
import { loadBaseClassifier, loadSmoothingDenoiser } from '../smoothing/load-networks'
import { notesOnDenoiser, notesOnSigma } from '../smoothing/notes'
import { type Smoothing, smoothingOf } from '../smoothing/smoothing'
import { datasetSpec } from '../smoothing/specs'
import {
  type AnyDenoiser,
  type Classifier,
  type Dataset,
  type DatasetDescription,
  denoisingPeak,
  type MemoryNow,
  memoryNow,
  type NetworkBytes,
  networkBytes,
  openDataset,
  trainingPeak,
} from '../torch'
import { definitionOf, type RunDefinition } from './define-config'
import type { FinetuneHooks } from './hooks'
import { loadJudge, loadTrainedDenoiser } from './load-trained'

/** The plan and the requirements of a run, as far as they can be determined. Unknown values are `undefined`. */
export interface DryRun {
  /** Every problem that would prevent the run from finishing, one sentence each. */
  readonly problems: readonly string[]
  readonly smoothing?: Smoothing
  readonly trainImages?: number
  readonly testImages?: number
  readonly classes?: number
  readonly parameters?: { readonly total: number; readonly trainable: number }
  readonly plan?: RunPlan
  readonly passes?: Passes
  /** Bytes of all checkpoints, and free disk space. */
  readonly disk?: { readonly needed: number; readonly free: number }
  /** Peak bytes on the networks' device, and the bytes left. */
  readonly memory?: MemoryEstimate
}

export interface MemoryEstimate {
  /** Weights of denoiser and classifier. */
  readonly weights: number
  /** Persistent state besides the weights: the optimizer's moments, frozen copies for the objective, a moving average. */
  readonly state: number
  /** One micro-batch: graphs, attack, gradients, or the denoiser's memory if larger. */
  readonly microBatch: number
  /** Free memory with the weights loaded. */
  readonly free: number
}

/**
 * Runs every check that is possible before the first step, with the loaders of training, and plans the run. Trains and writes nothing,
 * except for the converted weights that the loader keeps beside a denoiser's file.
 *
 * @throws ConfigError if the configuration itself is invalid; every other problem is returned
 */
export async function dryRun(
  session: Session,
  input: RunConfigInput | RunDefinition,
  { stopAfterUpdates, existing = 'refuse' }: Pick<FinetuneHooks, 'stopAfterUpdates' | 'existing'> = {},
): Promise<DryRun> {
  const { config, objectives } = definitionOf(input)
  const { head, passesOf, footprint, members, averages } = findObjective(
    config.method.kind,
    objectives,
  )(objective => planOf(objective, config))
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
  for (const note of [...notesOnDenoiser(config), ...notesOnSigma(config.smoothing)])
    process.emitWarning(note)
  const isDenoiserTrained = trainedBy(config.method.kind) === 'denoiser'
  const denoiser = await attempt(() =>
    isDenoiserTrained
      ? loadTrainedDenoiser(session, config, undefined)
      : loadSmoothingDenoiser(session, config.smoothing),
  )
  const trainSet = await attempt(() => openDataset(session, datasetSpec(config.data, 'train')))
  const testSet = await attempt(() => openDataset(session, datasetSpec(config.data, 'test')))
  const randomWeights = config.data.source === 'synthetic' ? 'allowed' : 'refused'
  const classifier = await attempt(async () =>
    isDenoiserTrained
      ? loadJudge(session, config, testSet?.description ?? { classes: [] })
      : (await loadBaseClassifier(session, config.classifier, { tuning: config.tuning, randomWeights }))
          .classifier,
  )
  try {
    const smoothing =
      denoiser === undefined ? undefined : await attempt(() => smoothingOf(denoiser, config.smoothing.sigma))
    const images = trainSet?.description.length
    const plan =
      images === undefined
        ? undefined
        : await attempt(() => planRun(config, { trainImages: images, stopAfterUpdates }))
    if (classifier && testSet) {
      const networks = { classifier, denoiser: denoiser ?? null }
      await attempt(() => checkClasses(networks, testSet, head?.(testSet.description)))
    }
    const trained = isDenoiserTrained ? (denoiser ?? undefined) : classifier
    const sizes = trained && (await session.compute(() => ({ trained: networkBytes(trained) }))).trained
    const disk =
      sizes &&
      plan &&
      (await diskSpace(config.output, checkpointBytes(sizes, { averages, config, plan }) * members))
    if (disk && disk.needed > disk.free) {
      problems.push(
        `The checkpoints take ${gigabytes(disk.needed)}, but the disk of ${config.output} has ${gigabytes(disk.free)} left. Make room, or choose another output folder.`,
      )
    }
    problems.push(...(await problemsOfOutput(config.output, existing)))
    const memory =
      denoiser !== undefined && classifier && trainSet && plan
        ? await attempt(() =>
            estimateMemory(
              { denoiser, classifier, trainSet },
              { footprint, members, averages, plan, config },
            ),
          )
        : undefined
    if (memory && memory.state + memory.microBatch > memory.free) {
      problems.push(
        `A micro-batch of ${plan?.imagesPerMicroBatch} images is estimated to take ${gigabytes(memory.state + memory.microBatch)} beside the weights, but ${session.info.deviceName} has ${gigabytes(memory.free)} left. Lower optimisation.imagesPerMicroBatch.`,
      )
    }
    return {
      problems: [...new Set(problems)],
      ...given({
        smoothing,
        trainImages: images,
        testImages: testSet?.description.length,
        classes: testSet?.description.classes.length,
        parameters: trained &&
          sizes && {
            total: members * sizes.parameters,
            trainable: members * trainableParameters(trained),
          },
        plan,
        passes:
          plan &&
          classifier &&
          timesImages(
            plan.images,
            passesOf({
              usesBatchStatistics: classifier.description.usesBatchStatistics,
              hasDenoiser: config.smoothing.denoiser.source !== 'none',
            }),
          ),
        disk,
        memory,
      }),
    }
  } finally {
    session.free([denoiser, classifier, trainSet, testSet])
    await session.flush().catch(() => undefined) // the failure is already reported
  }
}

/** Returns the parts of an objective that a dry run needs. */
function planOf<F extends Form>(objective: Objective<F>, { method, smoothing }: AnyRunConfig) {
  const settings = method as F['settings']
  return {
    head: objective.head && ((data: DatasetDescription) => objective.head?.(data, settings)),
    passesOf: (context: Parameters<Objective<F>['passes']>[1]) => objective.passes(settings, context),
    footprint: objective.footprint(settings),
    members: objective.members?.(settings).count ?? 1,
    averages: objective.averageDecay !== undefined && isDiffusionModel(smoothing.denoiser) ? 1 : 0,
  }
}

async function estimateMemory(
  networks: { denoiser: AnyDenoiser | null; classifier: Classifier; trainSet: Dataset },
  {
    footprint,
    members,
    averages,
    plan,
    config,
  }: { footprint: Footprint; members: number; averages: number; plan: RunPlan; config: AnyRunConfig },
): Promise<MemoryEstimate> {
  const { denoiser, classifier, trainSet } = networks
  const { session } = classifier
  const { imageShape } = trainSet.description
  const images = plan.imagesPerMicroBatch * footprint.graphs
  const attacked = plan.imagesPerMicroBatch * footprint.attacked
  const isDenoiserTrained = trainedBy(config.method.kind) === 'denoiser'
  const trained = (isDenoiserTrained && denoiser) || classifier
  const found = await session.compute(() => ({
    denoiser:
      denoiser === null
        ? null
        : { size: networkBytes(denoiser), peak: denoisingPeak(denoiser, { imageShape, images }) },
    classifier: networkBytes(classifier),
    trained: networkBytes(trained),
    training: trainingPeak(trained, { imageShape, images, attacked }),
    now: memoryNow(session),
  }))
  const weights = members * found.classifier.weights
  const trainable = members * found.trained.trainable
  return {
    weights: (found.denoiser?.size.weights ?? 0) + weights,
    state: (momentsOf(config) + averages) * trainable + footprint.frozenCopies * weights,
    // Gradients of earlier micro-batches stay in memory while the next one is denoised.
    microBatch: Math.max((found.denoiser?.peak ?? 0) + trainable, found.training),
    free: freeOnDevice(found.now),
  }
}

function trainableParameters(network: Classifier | AnyDenoiser): number {
  return 'trainableParameters' in network ? network.trainableParameters : 0
}

function freeOnDevice({ deviceFree, hostFree }: MemoryNow): number {
  return deviceFree ?? hostFree
}

/** Returns the number of optimizer values per trained parameter. */
function momentsOf({ optimisation: { optimizer } }: AnyRunConfig): number {
  if (optimizer.kind === 'adamw') return 2
  return optimizer.momentum > 0 ? 1 : 0
}

/** Bytes of all kept checkpoints, plus the one being written. */
function checkpointBytes(
  sizes: NetworkBytes,
  { averages, config, plan }: { averages: number; config: AnyRunConfig; plan: RunPlan },
): number {
  const epochs = Array.from({ length: plan.epochs }, (_, index) => index + 1)
  const chosen = epochs.filter(epoch => leavesCheckpoint(epoch, config, plan)).length
  const { keepLast, keepBest } = config.checkpoints
  const checkpoints = chosen + keepLast + (keepBest ? 1 : 0) + 1
  const beside = (momentsOf(config) + averages) * sizes.trainable
  return checkpoints * (beside + (config.tuning.kind === 'lora' ? sizes.trainable : sizes.weights))
}

async function diskSpace(folder: string, needed: number): Promise<{ needed: number; free: number }> {
  const { bavail, bsize } = await statfs(await existingParent(folder))
  return { needed, free: bavail * bsize }
}

async function problemsOfOutput(
  folder: string,
  existing: NonNullable<FinetuneHooks['existing']>,
): Promise<string[]> {
  const parent = await existingParent(folder)
  try {
    await access(parent, constants.W_OK)
  } catch {
    return [`The folder ${parent} cannot be written. Choose another output folder.`]
  }
  const names = parent === resolve(folder) ? await readdir(parent).catch(() => null) : []
  if (names === null) return [`The output ${folder} is not a folder. Choose another output folder.`]
  const earlier = names.filter(name => (RUN_PARTS as readonly string[]).includes(name))
  return earlier.length === 0 || existing !== 'refuse'
    ? []
    : [`The run folder ${folder} already holds a run (${earlier.join(', ')}). Choose another output folder.`]
}

/** Returns the folder itself, or its nearest existing parent. */
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
