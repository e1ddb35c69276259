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
import { firstLayerSmoothing } from '../smoothing/first-layer'
import { loadSmoothingDenoiser, requireConfiguredDenoiser } from '../smoothing/load-networks'
import { type Sanity, sanityOf } from '../smoothing/sanity'
import { smoothingOf } from '../smoothing/smoothing'
import {
  adamW,
  type Classifier,
  compileNetwork,
  type Dataset,
  makeLoader,
  type ProcessGroup,
  runningStatistics,
  select,
  setTf32,
  sgd,
} from '../torch'
import type { FinetuneHooks } from './hooks'
import {
  averageOf,
  loadFrozenClassifier,
  loadJudge,
  loadMembers,
  loadTrainedClassifier,
  loadTrainedDenoiser,
  type TrainedNetwork,
  trainedOf,
} from './load-trained'
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
  /** Result on clean images before the first update; null if not measured. */
  readonly sanity: Sanity | null
}

/**
 * Loads the networks and makes optimizer and loader, restored from a checkpoint if given.
 *
 * @throws ConfigError, DataError, CheckpointError if anything does not match
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
    hooks: Pick<FinetuneHooks<F>, 'denoiser' | 'rule' | 'lossTerm' | 'sanity'>
  },
): Promise<PreparedRun> {
  const { config, plan, trainSet, testSet, checkpoint, group, hooks, script } = given
  const { evaluation = accuracy } = objective
  const settings = config.method as F['settings']
  requireAdditive(objective, plan)
  requireMetricNames(objective, evaluation)
  const noises = copiesOf(objective, settings)
  setTf32(session, config.tf32)
  const model =
    objective.trains === 'denoiser'
      ? await loadTrainedDenoiser(session, config, checkpoint?.folder)
      : undefined
  const denoiser =
    model ??
    (hooks.denoiser === undefined
      ? await loadSmoothingDenoiser(session, config.smoothing)
      : await requireConfiguredDenoiser(hooks.denoiser, config.smoothing))
  // Never a trained one: the rules of the settings forbid that.
  if (denoiser !== null) compileNetwork(denoiser, { compiled: config.compile !== 'none' })
  const load = (folder?: string) => loadTrainedClassifier(session, config, { checkpoint: folder })
  const networks: TrainedNetworks =
    model !== undefined
      ? { classifier: await loadJudge(session, config, testSet.description), denoiser: model }
      : objective.members === undefined
        ? { classifier: await load(checkpoint?.folder) }
        : await loadMembers(session, config, {
            ...objective.members(settings),
            checkpoint: checkpoint?.folder,
          })
  const { classifier } = networks
  const isClassifierCompiled = requireCompilable(config, classifier)
  const head = objective.head?.(trainSet.description, settings)
  await checkClasses({ classifier, denoiser }, testSet, head)
  // One process reports it for all: they have the same weights and images.
  const isMeasured = hooks.sanity === true && checkpoint === null && group.rank === 0 && head === undefined
  const sanity =
    isMeasured && classifier.description.random === null && classifier.description.family !== 'none'
      ? await measured({ classifier, testSet }, config)
      : null
  for (const trained of trainedOf(networks)) group.broadcastParameters(trained)
  const { sigma, noiseAfter } = config.smoothing
  const smoothing =
    noiseAfter === undefined
      ? smoothingOf(denoiser, sigma, { autocast: model === undefined ? 'none' : config.autocast })
      : await firstLayerSmoothing(session, classifier, {
          ...{ sigma, sensitivity: 'live', imageShape: testSet.description.imageShape },
          example: () => select(testSet.images([0]).images_BCHW, 'B', 0),
        })
  const averaged = averageOf(model, {
    decay: objective.averageDecay?.(settings),
    ...{ checkpoint: checkpoint?.folder, method: config.method },
  })
  const prepared = ((await objective.prepare?.({
    ...{ session, settings, networks, smoothing, trainSet },
    loadFrozen: async of => {
      const frozen = await loadFrozenClassifier(session, config, of)
      await checkClasses({ classifier: frozen }, testSet)
      return frozen
    },
    initialClassifier: () => frozenInitial(session, checkpoint === null ? classifier : null, load),
  })) ?? null) as F['prepared']
  // A frozen copy made earlier is not compiled, like any copy.
  if (isClassifierCompiled)
    for (const trained of trainedOf(networks)) compileNetwork(trained, { compiled: true })
  const { optimizer, groups } = optimizerOf(trainedOf(networks), config)
  if (checkpoint !== null) optimizer.load(checkpoint.optimizerFile)
  const statistics = runningStatistics(trainedOf(networks))
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
      ...{ networks, smoothing, averaged, optimizer, statistics, loader, group },
      judged: judgedBy(averaged, { networks, smoothing }),
      steps: stepRunner(session, objective, { ...run, passSizes }),
    },
    groups,
    objective: describeObjective(objective, { evaluation, script }),
    evaluation,
    noises,
    sanity,
  }
}

/** Returns the networks to evaluate and export: with the averaged denoiser, if any. */
function judgedBy(
  averaged: TrainingState['averaged'],
  trained: TrainingState['judged'],
): TrainingState['judged'] {
  if (averaged === null) return trained
  const { network } = averaged
  return {
    networks: { ...trained.networks, denoiser: network },
    smoothing: smoothingOf(network, trained.smoothing.sigma, trained.smoothing),
  }
}

/** Warns if the classifier does badly on clean images. */
async function measured(
  { classifier, testSet }: { readonly classifier: Classifier; readonly testSet: Dataset },
  { classifier: { inputRange }, certification: { batch }, seed }: AnyRunConfig,
): Promise<Sanity> {
  const found = await sanityOf({ classifier, dataset: testSet }, { inputRange, seed, batch })
  if (found.note !== null) process.emitWarning(found.note)
  return found
}

/** Quarters of a micro-batch: each size adds its own compile time, and at most a quarter of the work is wasted. */
const PASS_SIZES = 4

/** Returns the pass sizes of a compiled classifier that classifies part of a micro-batch. */
export function passSizesFor(imagesPerMicroBatch: number): readonly number[] {
  const quarters = Array.from({ length: PASS_SIZES }, (_, part) =>
    Math.ceil((imagesPerMicroBatch * (part + 1)) / PASS_SIZES),
  )
  return [...new Set(quarters)]
}

/** Returns whether the classifier is compiled. Copies that pad a pass would count in batch statistics. */
function requireCompilable({ compile }: AnyRunConfig, { description }: Classifier): boolean {
  if (compile !== 'all') return false
  if (!description.usesBatchStatistics) return true
  throw new ConfigError(
    'compile: expected none or denoiser for a classifier that normalises over the batch, got all.',
    {
      remedy:
        'Set compile to denoiser (--compile denoiser), or without a denoiser to none (--compile none), beside --precision too.',
    },
  )
}

/** Returns a frozen copy of the classifier before its first update. */
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

function optimizerOf(trained: readonly TrainedNetwork[], { optimisation }: AnyRunConfig) {
  const groups = trained.flatMap(({ description }, place) =>
    parameterGroups(description.parameters, {
      layerDecay: optimisation.layerDecay,
      weightDecay: optimisation.weightDecay.start,
      normPre: optimisation.normPre,
      decays: optimisation.decays,
      ...('groups' in description && { depth: description.depth, library: description.groups }),
      rule: optimisation.parameterGroups,
    }).map(group => (trained.length === 1 ? group : ofMember(group, place))),
  )
  const tensors = groups.map(({ parameters, weightDecay }) => ({ parameters, learningRate: 0, weightDecay }))
  const { optimizer: kind, betas } = optimisation
  return {
    optimizer: kind.kind === 'sgd' ? sgd(trained, tensors, kind) : adamW(trained, tensors, { betas }),
    groups,
  }
}

/** Renames a group of one of several networks for their common optimizer. */
function ofMember(group: ParameterGroup, place: number): ParameterGroup {
  return {
    ...group,
    name: `member_${place}_${group.name}`,
    parameters: group.parameters.map(name => `${place}.${name}`),
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
