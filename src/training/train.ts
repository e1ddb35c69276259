import type { Session } from '../bridge'
import { parseConfig, type RunConfig, type RunConfigInput } from '../config/schema'
import { noiseLevelOf } from '../method/noise-and-denoise'
import type { NoiseLevel } from '../method/noise-level'
import { type SelectionRule, selectImages } from '../method/select-images'
import {
  adamW,
  type Classifier,
  type Denoiser,
  loadClassifier,
  loadDenoiser,
  makeLoader,
  manualSeed,
  openDataset,
} from '../torch'
import { checkClasses } from './check-classes'
import { describeRun } from './describe-run'
import { type Accuracy, evaluate } from './evaluate'
import { type ParameterGroup, parameterGroups } from './parameter-groups'
import { leavesCheckpoint, planRun, type RunPlan } from './plan-run'
import { RunFolder } from './run-folder'
import { epsilonAt, learningRate, peakLearningRate, weightDecay } from './schedules'
import { classifierSpec, datasetSpec, denoiserSpec } from './specs'
import { type Trainee, trainUpdate, type UpdateMetrics } from './train-step'

/** Where a run is. */
export interface Position {
  /** Epoch, counted from 1. */
  readonly epoch: number
  /** Updates taken in this epoch. */
  readonly update: number
  readonly updatesPerEpoch: number
  /** Epochs that will be trained. */
  readonly epochs: number
}

export interface UpdateReport extends UpdateMetrics, Position {
  /** Learning rate of a parameter group whose scale is 1. */
  readonly learningRate: number
  readonly weightDecay: number
}

export interface EpochReport extends Accuracy {
  readonly epoch: number
  /** Corrupt training images that others have stood in for, since the run began. */
  readonly skippedImages: number
  /** Their paths, each once. */
  readonly skippedPaths: readonly string[]
}

/** What is about to be trained. */
export interface RunStart {
  readonly classifier: Classifier
  readonly denoiser: Denoiser
  readonly level: NoiseLevel
  readonly plan: RunPlan
}

/** What a caller can put in or look at. */
export interface FinetuneHooks {
  /** Decides which denoised images are learnt from and which images are attacked. Default: FT-CADIS's rule. */
  readonly rule?: SelectionRule
  /** Before the first update, when all is loaded and the run folder is there. */
  readonly onStart?: (start: RunStart) => void | Promise<void>
  readonly onUpdate?: (report: UpdateReport) => void | Promise<void>
  /** After each epoch, with the accuracy on the test images. */
  readonly onEpoch?: (report: EpochReport) => void | Promise<void>
  /** Networks loaded before, to share them between runs. The caller frees them. */
  readonly denoiser?: Denoiser
  /** What to do where an earlier run has left something in the output folder. Default `refuse`. */
  readonly existing?: 'refuse' | 'replace'
  /** Ends the run after so many updates; the epoch under way then counts as the last. Schedules stay as configured. */
  readonly stopAfterUpdates?: number | undefined
  /** Test images in the evaluation after each epoch, spread evenly over the test set. Default: all. */
  readonly evaluationImages?: number | undefined
  /** Neither evaluates nor leaves checkpoints: for measuring updates. Default false. */
  readonly updatesOnly?: boolean
}

export interface FinetuneResult {
  readonly classifier: Classifier
  readonly denoiser: Denoiser
  readonly level: NoiseLevel
  /** Folder of the last checkpoint; empty where there is none. */
  readonly checkpoint: string
  readonly updates: readonly UpdateReport[]
  readonly epochs: readonly EpochReport[]
}

/**
 * Fine-tunes a classifier behind a denoiser (Algorithm 1 inside AdamW and its schedules), writing the run folder.
 *
 * All randomness is a function of the seed and of the place in the run: the same seed gives the same weights, bit for
 * bit, on the CPU.
 *
 * @throws ConfigError, DataError, CheckpointError before the first step for what can be known then
 * @throws NonFiniteLossError, PythonError, PythonExitError during training; the checkpoints written so far remain
 */
export async function finetune(
  session: Session,
  input: RunConfigInput,
  hooks: FinetuneHooks = {},
): Promise<FinetuneResult> {
  const config = parseConfig(input)
  const denoiser =
    hooks.denoiser ??
    (await loadDenoiser(session, denoiserSpec(config.denoiser), { dtype: config.denoiser.dtype }))
  const level = noiseLevelOf(denoiser, config.method.sigma)
  manualSeed(session, config.seed, 'initialisation')
  const classifier = await loadClassifier(session, classifierSpec(config.classifier, config.tuning), {
    dtype: config.dtype,
  })
  const trainSet = await openDataset(session, datasetSpec(config.data, 'train'))
  const testSet = await openDataset(session, datasetSpec(config.data, 'test'))
  const plan = planRun(config, {
    trainImages: trainSet.description.length,
    stopAfterUpdates: hooks.stopAfterUpdates,
  })
  await checkClasses(classifier, testSet)
  const decidedBy = config.method.updateSelection ? undefined : classifier.frozenCopy()
  const groups = parameterGroups(classifier.description.parameters, {
    layerDecay: config.optimisation.layerDecay,
    weightDecay: config.optimisation.weightDecay.start,
    normPre: config.optimisation.normPre,
    depth: classifier.description.depth,
  })
  const optimizer = adamW(classifier, groups.map(toOptimizerGroup), { betas: config.optimisation.betas })
  const { crossEntropy, coldStart, adversarial } = config.method
  const rule: SelectionRule =
    hooks.rule ?? ((correct, ce) => selectImages(correct, ce, { crossEntropy, coldStart, adversarial }))
  const loader = await makeLoader(trainSet, {
    batchSize: plan.imagesPerMicroBatch,
    seed: config.seed,
    shuffle: true,
    dropLast: true,
    workers: 'workers' in config.data ? config.data.workers : 0,
  })
  const trainee: Trainee = { classifier, denoiser, optimizer, loader, level, rule, decidedBy }

  using run = await RunFolder.create(config.output, {
    config: await describeRun({ classifier, denoiser }, config),
    ...(hooks.existing === undefined ? {} : { existing: hooks.existing }),
  })
  const updates: UpdateReport[] = []
  const epochs: EpochReport[] = []
  let checkpoint = ''
  try {
    await hooks.onStart?.({ classifier, denoiser, level, plan })
    for (let epoch = 1; epoch <= plan.epochs; epoch += 1) {
      loader.start(epoch - 1)
      const last = Math.min(plan.updatesPerEpoch, plan.updates - (epoch - 1) * plan.updatesPerEpoch)
      for (let update = 1; update <= last; update += 1) {
        const report = await runUpdate(trainee, { config, plan, groups, epoch, update })
        updates.push(report)
        run.log({ kind: 'update', ...report })
        await hooks.onUpdate?.(report)
      }
      if (hooks.updatesOnly) continue
      const accuracy = await evaluate(trainee, testSet, {
        level,
        // What fits into memory in training fits here.
        batch: plan.imagesPerMicroBatch * config.method.noises,
        seed: config.seed,
        indices: evenly(testSet.description.length, hooks.evaluationImages),
      })
      const skipped = await session.compute(() => loader.skippedImages())
      const report = { epoch, ...accuracy, skippedImages: skipped.count, skippedPaths: skipped.paths }
      epochs.push(report)
      run.log({ kind: 'epoch', ...report })
      await hooks.onEpoch?.(report)
      if (leavesCheckpoint(epoch, config, plan)) {
        checkpoint = run.checkpoint(epoch)
        await classifier.save(checkpoint)
      }
    }
  } finally {
    await loader.close()
    session.free([optimizer, trainSet, testSet, decidedBy])
  }
  return { classifier, denoiser, level, checkpoint, updates, epochs }
}

/** So many positions, spread evenly over `length`. */
function evenly(length: number, count = length): number[] {
  const taken = Math.min(count, length)
  return Array.from({ length: taken }, (_, index) => Math.floor((index * length) / taken))
}

async function runUpdate(
  trainee: Trainee,
  place: {
    config: RunConfig
    plan: RunPlan
    groups: readonly ParameterGroup[]
    epoch: number
    update: number
  },
): Promise<UpdateReport> {
  const { config, plan, groups, epoch, update } = place
  const { method, optimisation } = config
  const { imagesPerUpdate } = optimisation
  const epochsDone = epoch - 1 + (update - 1) / plan.updatesPerEpoch
  const rate = learningRate(epochsDone, {
    peak: peakLearningRate(optimisation.learningRate, imagesPerUpdate),
    minimum: optimisation.minLearningRate,
    warmupEpochs: optimisation.warmupEpochs,
    epochs: optimisation.epochs,
  })
  const decay = weightDecay(epochsDone, { ...optimisation.weightDecay, epochs: optimisation.epochs })
  const metrics = await trainUpdate(trainee, {
    objective: {
      ...method,
      attack: { ...method.attack, epsilon: epsilonAt(epoch - 1, method.attack.epsilon) },
    },
    microBatches: plan.microBatches,
    imagesPerUpdate,
    learningRates: groups.map(group => rate * group.learningRateScale),
    weightDecays: groups.map(group => (group.decays ? decay : 0)),
    clip: optimisation.clip === 'none' ? null : optimisation.clip,
    stream: [config.seed, 'train', epoch, update],
  })
  return {
    ...metrics,
    epoch,
    update,
    updatesPerEpoch: plan.updatesPerEpoch,
    epochs: plan.epochs,
    learningRate: rate,
    weightDecay: decay,
  }
}

function toOptimizerGroup({ parameters, weightDecay }: ParameterGroup) {
  return { parameters, learningRate: 0, weightDecay }
}
