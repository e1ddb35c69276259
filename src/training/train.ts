import type { Session } from '../bridge'
import type { AnyRunConfig, RunConfigInput } from '../config/schema'
import { InterruptedError } from '../errors'
import type { FtCadisForm } from '../objectives/ft-cadis/ft-cadis'
import type { Form, Objective, TrainedNetworks } from '../objectives/objective'
import { findObjective, isBuiltIn } from '../objectives/registry'
import { describeRun, recordedSanity } from '../runs/describe-run'
import { planRun } from '../runs/plan-run'
import type { EpochReport } from '../runs/reports'
import { requireDataOf, requireSameWeights } from '../runs/resume'
import { RunJournal } from '../runs/run-journal'
import { eventFiles } from '../runs/watchers/event-files'
import { runDataOf } from '../smoothing/data-identity'
import { notesOnDenoiser, notesOnSigma } from '../smoothing/notes'
import type { Smoothing } from '../smoothing/smoothing'
import { datasetSpec } from '../smoothing/specs'
import { isShown, loadingLine } from '../terminal/progress'
import { trainingProgress } from '../terminal/training-progress'
import { joinProcessGroup, openDataset } from '../torch'
import { checkedSchedule, requireHooks } from './check-hooks'
import { definitionOf, type RunDefinition } from './define-config'
import type { FinetuneHooks } from './hooks'
import type { Schedule } from './hyperparameters'
import { launchOf, openRun } from './open-run'
import { prepareRun } from './prepare-run'
import {
  requireSameDataOnRanks,
  requireSameSettingsOnRanks,
  requireSameWeightsOnRanks,
} from './require-same-ranks'
import { objectiveTrace, tracesOf } from './trace-hooks'
import { TrainingLoop } from './training-loop'
import type { TrainingState } from './training-state'

/** The result of a run; the caller frees `networks` and `smoothing`. */
export interface FinetuneResult {
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  /** Folder of the last checkpoint, on every rank; empty if none exists. */
  readonly checkpoint: string
  /** The epochs that this call completed: a resumed run does not repeat the earlier ones. Updates are in `metrics.jsonl`. */
  readonly epochs: readonly EpochReport[]
}

/**
 * Fine-tunes a classifier by the method of the configuration, writing the run folder.
 *
 * All randomness is a function of the seed and the position in the run. On the CPU, the same seed gives the same weights, bit for bit, even
 * if the run was killed and resumed. Processes of `ft-cadis launch` share the updates; the first one writes.
 *
 * @param input - a configuration, or with custom objectives the result of `defineConfig`
 * @throws ConfigError, DataError, CheckpointError before the first step, for problems known by then
 * @throws InterruptedError if the run was asked to stop; it can be resumed
 * @throws NonFiniteLossError, PythonError, PythonExitError, RankLostError during training; the run can be resumed from its last checkpoint
 */
export async function finetune<F extends Form = FtCadisForm>(
  session: Session,
  input: RunConfigInput | RunDefinition,
  hooks: FinetuneHooks<F> = {},
): Promise<FinetuneResult> {
  const { config, objectives } = definitionOf(input)
  const objective = findObjective(config.method.kind, objectives)
  // Hooks match the objective of the configuration, which the compiler cannot know.
  return objective(own => train(session, own, { config, hooks: hooks as never }))
}

async function train<F extends Form>(
  session: Session,
  objective: Objective<F>,
  { config, hooks }: { config: AnyRunConfig; hooks: FinetuneHooks<F> },
): Promise<FinetuneResult> {
  requireHooks(hooks)
  const traces = { ...tracesOf(hooks), ...objectiveTrace(objective) }
  const schedule = hooks.schedule && checkedSchedule(objective, hooks.schedule)
  const group = await joinProcessGroup(session)
  const notes = [...notesOnDenoiser(config), ...notesOnSigma(config.smoothing)]
  if (group.rank === 0) for (const note of notes) process.emitWarning(note)
  using loading = loadingLine({ isShown: group.rank === 0 && isShown(hooks.progress) })
  loading.show(`loading the images of ${config.data.source}`)
  const trainSet = await openDataset(session, datasetSpec(config.data, 'train'))
  const testSet = await openDataset(session, datasetSpec(config.data, 'test'))
  const data = await runDataOf({ trainSet, testSet })
  await requireSameDataOnRanks(group, data)
  const { stopAfterUpdates, evaluationImages, updatesOnly = false, onNonFinite } = hooks
  await requireSameSettingsOnRanks(group, {
    ...{ config, hooks: traces },
    options: { stopAfterUpdates, evaluationImages, updatesOnly, onNonFinite },
  })
  const sizes = { trainImages: trainSet.description.length, ranks: group.worldSize }
  const { updates: planned } = planRun(config, sizes)
  const plan = planRun(config, { ...sizes, stopAfterUpdates })
  const launch = await launchOf(group, session)
  const { folder, checkpoint } = await openRun(group, config, {
    ...{ plan, existing: hooks.existing, launch, traces },
    acceptChangedHooks: hooks.acceptChangedHooks,
  })
  const { eventFiles: hasEventFiles = !updatesOnly } = hooks
  const watchers = [
    ...(isShown(hooks.progress) ? [trainingProgress()] : []),
    hooks,
    ...(hasEventFiles ? [eventFiles()] : []),
    ...(hooks.watchers ?? []),
  ]
  using _compiling = session.watchCompiling(isCompiling => {
    for (const watcher of group.rank === 0 ? watchers : []) watcher.onCompiling?.(isCompiling)
  })
  const journal = new RunJournal({
    folder,
    watchers: group.rank === 0 ? watchers : [],
    plan,
    planned,
    resumed: checkpoint,
    launchIds: launch.ids,
  })
  try {
    if (checkpoint !== null) await requireDataOf(checkpoint, data)
    loading.show('loading the networks')
    const prepared = await prepareRun(session, objective, {
      ...{ config, plan, trainSet, testSet, checkpoint, group, hooks },
      script: isBuiltIn(objective.kind) ? null : (process.argv[1] ?? null),
    })
    const { state, noises } = prepared
    const sanity = prepared.sanity ?? (checkpoint === null ? undefined : await recordedSanity(config.output))
    const { networks, smoothing } = state.judged
    try {
      const description = await describeRun(
        { networks, smoothing },
        {
          ...{ config, objective: prepared.objective, data, hooks: traces },
          ...(sanity !== undefined && { sanity }),
          files: objective.files?.(config.method as F['settings']) ?? {},
        },
      )
      await requireSameWeightsOnRanks(group, description.weights)
      if (checkpoint !== null) requireSameWeights(checkpoint, description.weights)
      loading.end()
      await journal.start(description, {
        ...{ config, networks, smoothing, noises, trainSet, testSet, plan, folder },
        objective: prepared.objective,
      })
      const loop = new TrainingLoop({
        ...{ config, plan, state, noises, testSet, journal, folder, description },
        ...{ groups: prepared.groups, evaluation: prepared.evaluation },
        hooks: { ...hooks, schedule: schedule as Schedule<Form['settings']> | undefined },
        resumed: checkpoint,
      })
      await loop.run()
      await journal.end('finished')
      const lastCheckpoint = await group.broadcast(loop.checkpoint)
      await group.leave()
      return { networks, smoothing, checkpoint: lastCheckpoint, epochs: loop.epochs }
    } finally {
      state.steps.free()
      session.free([state.optimizer, state.statistics, ...unexported(state)])
      await state.loader.close()
    }
  } catch (error) {
    await journal.end(error instanceof InterruptedError ? 'interrupted' : 'failed', error)
    throw error
  } finally {
    session.free([trainSet, testSet])
  }
}

/** Returns the moving average and the trained network, to free them: the run returns the averaged network. */
function unexported({ averaged, networks }: TrainingState) {
  return averaged === null ? [] : [averaged.average, networks.denoiser]
}
