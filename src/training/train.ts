import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Session } from '../bridge'
import { parseConfig, type RunConfig, type RunConfigInput } from '../config/schema'
import { ConfigError } from '../errors'
import { noiseLevelOf } from '../method/noise-and-denoise'
import type { NoiseLevel } from '../method/noise-level'
import { type SelectionRule, selectImages } from '../method/select-images'
import {
  adamW,
  type Classifier,
  type Dataset,
  type Denoiser,
  loadClassifier,
  loadDenoiser,
  makeLoader,
  manualSeed,
  openDataset,
} from '../torch'
import { type Accuracy, evaluate } from './evaluate'
import { type ParameterGroup, parameterGroups } from './parameter-groups'
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
}

/** What a caller can put in or look at. */
export interface FinetuneHooks {
  /** Decides which denoised images are learnt from and which images are attacked. Default: FT-CADIS's rule. */
  readonly rule?: SelectionRule
  readonly onUpdate?: (report: UpdateReport) => void | Promise<void>
  /** After each epoch, with the accuracy on the test images. */
  readonly onEpoch?: (report: EpochReport) => void | Promise<void>
  /** Networks loaded before, to share them between runs. The caller frees them. */
  readonly denoiser?: Denoiser
  /** What to do where an earlier run has left something in the output folder. Default `refuse`. */
  readonly existing?: 'refuse' | 'replace'
}

export interface FinetuneResult {
  readonly classifier: Classifier
  readonly denoiser: Denoiser
  readonly level: NoiseLevel
  /** Folder of the last checkpoint. */
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
  const plan = planOf(config, trainSet)
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
    config: await describeRun(session, config),
    ...(hooks.existing === undefined ? {} : { existing: hooks.existing }),
  })
  const updates: UpdateReport[] = []
  const epochs: EpochReport[] = []
  let checkpoint = ''
  try {
    for (let epoch = 1; epoch <= plan.epochs; epoch += 1) {
      loader.start(epoch - 1)
      for (let update = 1; update <= plan.updatesPerEpoch; update += 1) {
        const report = await runUpdate(trainee, { config, plan, groups, epoch, update })
        updates.push(report)
        run.log({ kind: 'update', ...report })
        await hooks.onUpdate?.(report)
      }
      const accuracy = await evaluate(trainee, testSet, { level, batch: EVALUATION_BATCH, seed: config.seed })
      const report = { epoch, ...accuracy }
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

/** Images that the evaluation after each epoch classifies at once. */
const EVALUATION_BATCH = 200

interface Plan {
  readonly epochs: number
  readonly updatesPerEpoch: number
  readonly microBatches: number
  readonly imagesPerMicroBatch: number
}

function planOf({ optimisation }: RunConfig, trainSet: Dataset): Plan {
  const {
    imagesPerUpdate,
    imagesPerMicroBatch = imagesPerUpdate,
    epochs,
    stopAfterEpoch = epochs,
  } = optimisation
  const { length } = trainSet.description
  const updatesPerEpoch = Math.floor(length / imagesPerUpdate)
  if (updatesPerEpoch === 0) {
    throw new ConfigError(`The training set has ${length} images, but one update takes ${imagesPerUpdate}.`, {
      remedy: 'Lower optimisation.imagesPerUpdate.',
    })
  }
  return {
    epochs: Math.min(stopAfterEpoch, epochs),
    updatesPerEpoch,
    microBatches: imagesPerUpdate / imagesPerMicroBatch,
    imagesPerMicroBatch,
  }
}

async function runUpdate(
  trainee: Trainee,
  place: { config: RunConfig; plan: Plan; groups: readonly ParameterGroup[]; epoch: number; update: number },
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

function leavesCheckpoint(epoch: number, { checkpoints }: RunConfig, { epochs }: Plan): boolean {
  const regular = checkpoints.everyEpochs !== undefined && epoch % checkpoints.everyEpochs === 0
  return epoch === epochs || regular || checkpoints.epochs.includes(epoch)
}

/** What `config.json` says beside the configuration: enough to know what ran where. */
async function describeRun(session: Session, config: RunConfig): Promise<unknown> {
  const manifest = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')
  const git = await execa('git', ['rev-parse', 'HEAD'], { reject: false })
  return {
    config,
    versions: { ftCadis: (JSON.parse(manifest) as { version: string }).version, node: process.versions.node },
    python: session.facts,
    commit: git.failed ? null : git.stdout,
    startedAt: new Date().toISOString(),
  }
}
