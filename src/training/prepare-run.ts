import type { Session } from '../bridge'
import type { AnyRunConfig } from '../config/schema'
import { ConfigError } from '../errors'
import { accuracy } from '../objectives/accuracy'
import { copiesOf } from '../objectives/check-objective'
import { describeObjective, type ObjectiveDescription } from '../objectives/description'
import type { Evaluation, Form, Objective, TrainedNetworks } from '../objectives/objective'
import type { Checkpoint } from '../runs/checkpoint'
import type { RunPlan } from '../runs/plan-run'
import { checkClasses } from '../smoothing/check-classes'
import {
  loadBaseClassifier,
  loadSmoothingDenoiser,
  requireConfiguredDenoiser,
} from '../smoothing/load-networks'
import { smoothingOf } from '../smoothing/smoothing'
import {
  adamW,
  type Classifier,
  compileNetwork,
  type Dataset,
  makeLoader,
  manualSeed,
  type ProcessGroup,
  runningStatistics,
  setTf32,
  sgd,
} from '../torch'
import type { FinetuneHooks } from './hooks'
import { requireMetricNames } from './metric-names'
import { type ParameterGroup, parameterGroups } from './parameter-groups'
import { stepRunner } from './step-runner'
import type { TrainingState } from './training-state'

/** Everything that lives from the first update to the last. */
export interface PreparedRun {
  readonly state: TrainingState
  readonly groups: readonly ParameterGroup[]
  readonly objective: ObjectiveDescription
  readonly evaluation: Evaluation
  /** M: noises of each image in an update. */
  readonly noises: number
}

/**
 * Loads the networks, and makes optimizer and loader; with a checkpoint as they were when it was written.
 *
 * @throws ConfigError, DataError, CheckpointError for what does not fit together
 */
export async function prepareRun<F extends Form>(
  session: Session,
  objective: Objective<F>,
  given: {
    config: AnyRunConfig
    plan: RunPlan
    trainSet: Dataset
    testSet: Dataset
    checkpoint: Checkpoint | null
    group: ProcessGroup
    /** The program that defines the objective; null for those of this package. */
    script: string | null
    hooks: Pick<FinetuneHooks<F>, 'denoiser' | 'rule' | 'lossTerm'>
  },
): Promise<PreparedRun> {
  const { config, plan, trainSet, testSet, checkpoint, group, hooks, script } = given
  const { evaluation = accuracy } = objective
  const settings = config.method as F['settings']
  requireAdditive(objective, plan)
  requireMetricNames(objective, evaluation)
  const noises = copiesOf(objective, settings)
  setTf32(session, config.tf32)
  const denoiser =
    hooks.denoiser === undefined
      ? await loadSmoothingDenoiser(session, config.smoothing)
      : await requireConfiguredDenoiser(hooks.denoiser, config.smoothing)
  if (denoiser !== null) compileNetwork(denoiser, { compiled: config.compile !== 'none' })
  const smoothing = smoothingOf(denoiser, config.smoothing.sigma)
  const load = (folder?: string) => loadTrainedClassifier(session, config, folder)
  const classifier = await load(checkpoint?.folder)
  const isClassifierCompiled = requireCompilable(config, classifier)
  const networks: TrainedNetworks = { classifier }
  await checkClasses({ classifier, denoiser }, testSet, objective.head?.(trainSet.description))
  group.broadcastParameters(classifier)
  const prepared = ((await objective.prepare?.({
    ...{ session, settings, networks, smoothing, trainSet },
    initialClassifier: () => frozenInitial(session, checkpoint === null ? classifier : null, load),
  })) ?? null) as F['prepared']
  // A frozen copy of it, made before, is compiled no more than any copy.
  compileNetwork(classifier, { compiled: isClassifierCompiled })
  const { optimizer, groups } = optimizerOf(classifier, config)
  if (checkpoint !== null) optimizer.load(checkpoint.optimizerFile)
  const statistics = runningStatistics(classifier)
  const loader = await makeLoader(trainSet, {
    batchSize: plan.imagesPerMicroBatch,
    seed: config.seed,
    shuffle: true,
    dropLast: config.optimisation.dropLast,
    workers: 'workers' in config.data ? config.data.workers : 0,
    rank: group.rank,
    ranks: group.worldSize,
  })
  const { rule, lossTerm } = hooks
  const run = { networks, smoothing, settings, prepared, loader, rule, lossTerm }
  const passSizes = isClassifierCompiled ? passSizesFor(plan.imagesPerMicroBatch) : null
  return {
    state: {
      ...{ networks, smoothing, optimizer, statistics, loader, group },
      steps: stepRunner(session, objective, { ...run, passSizes }),
    },
    groups,
    objective: describeObjective(objective, { evaluation, script }),
    evaluation,
    noises,
  }
}

/** The classifier that is trained: of a checkpoint if there is one. */
async function loadTrainedClassifier(
  session: Session,
  config: AnyRunConfig,
  checkpoint: string | undefined,
): Promise<Classifier> {
  const { dtype, autocast, activationCheckpointing, tuning, seed } = config
  // What is drawn for a new head or for adapters is a function of the seed.
  manualSeed(session, seed, 'initialisation')
  // Generated images measure, and nothing is certified.
  const randomWeights = config.data.source === 'synthetic' ? 'allowed' : 'refused'
  const options = { dtype, autocast, activationCheckpointing, tuning, checkpoint, randomWeights } as const
  return (await loadBaseClassifier(session, config.classifier, options)).classifier
}

/** Quarters of a micro-batch: compiling for each takes as long again, and a quarter of the work at most is for nothing. */
const PASS_SIZES = 4

/** Numbers of images that a compiled classifier is given, where it looks at some of a micro-batch. */
export function passSizesFor(imagesPerMicroBatch: number): readonly number[] {
  const quarters = Array.from({ length: PASS_SIZES }, (_, part) =>
    Math.ceil((imagesPerMicroBatch * (part + 1)) / PASS_SIZES),
  )
  return [...new Set(quarters)]
}

/** Whether the classifier is compiled. Copies that fill up a pass would count in the statistics of a batch. */
function requireCompilable({ compile }: AnyRunConfig, { description }: Classifier): boolean {
  if (compile !== 'all') return false
  if (!description.usesBatchStatistics) return true
  throw new ConfigError(
    'compile: expected none or denoiser for a classifier that normalises over the batch, got all.',
    { remedy: 'Set compile to denoiser (--compile denoiser).' },
  )
}

/** A frozen copy of the classifier before its first update. */
async function frozenInitial(
  session: Session,
  initial: Classifier | null,
  load: () => Promise<Classifier>,
): Promise<Classifier> {
  if (initial !== null) return initial.frozenCopy()
  const loaded = await load()
  const frozen = loaded.frozenCopy()
  session.free(loaded)
  return frozen
}

function optimizerOf(classifier: Classifier, { optimisation }: AnyRunConfig) {
  const groups = parameterGroups(classifier.description.parameters, {
    layerDecay: optimisation.layerDecay,
    weightDecay: optimisation.weightDecay.start,
    normPre: optimisation.normPre,
    decays: optimisation.decays,
    depth: classifier.description.depth,
    library: classifier.description.groups,
    rule: optimisation.parameterGroups,
  })
  const tensors = groups.map(({ parameters, weightDecay }) => ({ parameters, learningRate: 0, weightDecay }))
  const { optimizer: kind, betas } = optimisation
  return {
    optimizer: kind.kind === 'sgd' ? sgd(classifier, tensors, kind) : adamW(classifier, tensors, { betas }),
    groups,
  }
}

function requireAdditive<F extends Form>(
  { kind, isAdditive = true }: Objective<F>,
  { microBatches }: RunPlan,
): void {
  if (isAdditive || microBatches === 1) return
  throw new ConfigError(
    `The loss of the method ${kind} is not a sum over micro-batches, but an update has ${microBatches} of them.`,
    { remedy: 'Train in one process, and leave optimisation.imagesPerMicroBatch out.' },
  )
}
