import type { Session } from '../bridge'
import type { RunConfig } from '../config/schema'
import { type SelectionRule, selectImages } from '../objectives/ft-cadis/select-images'
import type { Checkpoint } from '../runs/checkpoint'
import type { RunPlan } from '../runs/plan-run'
import { checkClasses } from '../smoothing/check-classes'
import { noiseLevelOf } from '../smoothing/denoise'
import { classifierSpec, denoiserSpec } from '../smoothing/specs'
import {
  adamW,
  type Classifier,
  compileDenoiser,
  type Dataset,
  loadClassifier,
  loadDenoiser,
  makeLoader,
  manualSeed,
  type ProcessGroup,
  setTf32,
} from '../torch'
import type { FinetuneHooks } from './hooks'
import { type ParameterGroup, parameterGroups } from './parameter-groups'
import { stepProcedures } from './step-procedures'
import type { Trainee } from './trainee'

/** Everything that lives from the first update to the last. */
export interface PreparedRun {
  readonly trainee: Trainee
  readonly groups: readonly ParameterGroup[]
}

/**
 * Loads the networks, and makes optimizer and loader; with a checkpoint as they were when it was written.
 *
 * @throws ConfigError, DataError, CheckpointError for what does not fit together
 */
export async function prepareRun(
  session: Session,
  config: RunConfig,
  given: {
    plan: RunPlan
    trainSet: Dataset
    testSet: Dataset
    checkpoint: Checkpoint | null
    group: ProcessGroup
    hooks: Pick<FinetuneHooks, 'denoiser' | 'rule' | 'lossTerm'>
  },
): Promise<PreparedRun> {
  const { plan, trainSet, testSet, checkpoint, group, hooks } = given
  setTf32(session, config.tf32)
  const denoiser =
    hooks.denoiser ??
    (await loadDenoiser(session, denoiserSpec(config.denoiser), { dtype: config.denoiser.dtype }))
  compileDenoiser(denoiser, { compiled: config.compileDenoiser })
  const level = noiseLevelOf(denoiser, config.method.sigma)
  const { classifier, decidedBy } = await loadClassifiers(session, config, checkpoint)
  await checkClasses(classifier, testSet)
  group.broadcastParameters(classifier)
  const groups = parameterGroups(classifier.description.parameters, {
    layerDecay: config.optimisation.layerDecay,
    weightDecay: config.optimisation.weightDecay.start,
    normPre: config.optimisation.normPre,
    depth: classifier.description.depth,
  })
  const optimizer = adamW(
    classifier,
    groups.map(({ parameters, weightDecay }) => ({ parameters, learningRate: 0, weightDecay })),
    { betas: config.optimisation.betas },
  )
  if (checkpoint !== null) optimizer.load(checkpoint.optimizerFile)
  const loader = await makeLoader(trainSet, {
    batchSize: plan.imagesPerMicroBatch,
    seed: config.seed,
    shuffle: true,
    dropLast: true,
    workers: 'workers' in config.data ? config.data.workers : 0,
    rank: group.rank,
    ranks: group.worldSize,
  })
  const { crossEntropy, coldStart, adversarial } = config.method
  const rule: SelectionRule =
    hooks.rule ?? ((correct, ce) => selectImages(correct, ce, { crossEntropy, coldStart, adversarial }))
  const { lossTerm } = hooks
  return {
    trainee: {
      ...{ classifier, denoiser, optimizer, loader, level, rule, lossTerm, decidedBy, group },
      procedures: stepProcedures(session),
    },
    groups,
  }
}

/** The classifier that is trained, and the one that judges where that is another (Table 6). */
async function loadClassifiers(
  session: Session,
  config: RunConfig,
  checkpoint: Checkpoint | null,
): Promise<{ classifier: Classifier; decidedBy: Classifier | undefined }> {
  const { dtype, autocast, activationCheckpointing } = config
  const load = (path: object) => {
    // What is drawn for a new head or for adapters is a function of the seed.
    manualSeed(session, config.seed, 'initialisation')
    return loadClassifier(
      session,
      { ...classifierSpec(config.classifier, config.tuning), ...path },
      { dtype, autocast, activationCheckpointing },
    )
  }
  const judges = !config.method.updateSelection
  const trained =
    checkpoint &&
    (config.tuning.kind === 'lora' ? { adapter: checkpoint.folder } : { path: checkpoint.folder })
  if (trained === null) {
    const classifier = await load({})
    return { classifier, decidedBy: judges ? classifier.frozenCopy() : undefined }
  }
  let decidedBy: Classifier | undefined
  if (judges) {
    const initial = await load({})
    decidedBy = initial.frozenCopy()
    session.free(initial)
  }
  return { classifier: await load(trained), decidedBy }
}
