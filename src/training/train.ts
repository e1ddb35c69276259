import type { Session } from '../bridge'
import { parseConfig, type RunConfigInput } from '../config/schema'
import { InterruptedError } from '../errors'
import { describeRun } from '../runs/describe-run'
import { planRun } from '../runs/plan-run'
import type { EpochReport } from '../runs/reports'
import { requireSameWeights } from '../runs/resume'
import { RunRecorder } from '../runs/run-recorder'
import { eventFiles } from '../runs/watchers/event-files'
import type { NoiseLevel } from '../smoothing/noise-level'
import { datasetSpec } from '../smoothing/specs'
import { isShown } from '../terminal/progress'
import { trainingProgress } from '../terminal/training-progress'
import { type Classifier, type Denoiser, joinProcessGroup, openDataset } from '../torch'
import type { FinetuneHooks } from './hooks'
import { openRun } from './open-run'
import { prepareRun } from './prepare-run'
import { TrainingLoop } from './training-loop'

export interface FinetuneResult {
  readonly classifier: Classifier
  readonly denoiser: Denoiser
  readonly level: NoiseLevel
  /** Folder of the last checkpoint, on every rank; empty where there is none. */
  readonly checkpoint: string
  /** The epochs that this call has ended: a resumed run does not repeat the earlier ones. Updates are in `metrics.jsonl`. */
  readonly epochs: readonly EpochReport[]
}

/**
 * Fine-tunes a classifier behind a denoiser (Algorithm 1 inside AdamW and its schedules), writing the run folder.
 *
 * All randomness is a function of the seed and of the place in the run: the same seed gives the same weights, bit for
 * bit, on the CPU, also of a run that was killed and resumed. Processes that `ft-cadis launch` has started share the
 * updates; the first of them writes.
 *
 * @throws ConfigError, DataError, CheckpointError before the first step for what can be known then
 * @throws InterruptedError if the run was asked to stop; it can be resumed
 * @throws NonFiniteLossError, PythonError, PythonExitError, RankLostError during training; the run can be resumed from
 *   its last checkpoint
 */
export async function finetune(
  session: Session,
  input: RunConfigInput,
  hooks: FinetuneHooks = {},
): Promise<FinetuneResult> {
  const config = parseConfig(input)
  const group = await joinProcessGroup(session)
  const trainSet = await openDataset(session, datasetSpec(config.data, 'train'))
  const testSet = await openDataset(session, datasetSpec(config.data, 'test'))
  const plan = planRun(config, {
    trainImages: trainSet.description.length,
    stopAfterUpdates: hooks.stopAfterUpdates,
    ranks: group.worldSize,
  })
  const { folder, checkpoint } = await openRun(group, config, {
    plan,
    existing: hooks.existing,
    // A machine that joins late has counted no restart.
    isRestart: Math.max(...(await group.gather(session.launch.restartCount))) > 0,
  })
  const { updatesOnly = false, eventFiles: hasEventFiles = !updatesOnly } = hooks
  const watchers = [
    ...(isShown(hooks.progress) ? [trainingProgress()] : []),
    hooks,
    ...(hasEventFiles ? [eventFiles()] : []),
    ...(hooks.watchers ?? []),
  ]
  const recorder = new RunRecorder({
    folder,
    watchers: group.rank === 0 ? watchers : [],
    plan,
    step: checkpoint?.state.step ?? 0,
  })
  try {
    const { trainee, groups } = await prepareRun(session, config, {
      ...{ plan, trainSet, testSet, checkpoint, group, hooks },
    })
    const { classifier, denoiser, level, loader, optimizer, decidedBy, procedures } = trainee
    try {
      const description = await describeRun({ classifier, denoiser }, config)
      if (checkpoint !== null) requireSameWeights(checkpoint, description.weights)
      await recorder.start(description, {
        metricsBytes: checkpoint?.state.metricsBytes ?? 0,
        start: { config, classifier, denoiser, trainSet, testSet, level, plan, folder },
      })
      const loop = new TrainingLoop({
        ...{ config, plan, groups, trainee, testSet, recorder, folder, hooks, description },
        resumed: checkpoint,
      })
      await loop.run()
      await recorder.end('finished')
      const lastCheckpoint = await group.broadcast(loop.checkpoint)
      await group.leave()
      return {
        ...{ classifier, denoiser, level },
        ...{ checkpoint: lastCheckpoint, epochs: loop.epochs },
      }
    } finally {
      procedures.inspect.free()
      procedures.learn.free()
      session.free([optimizer, decidedBy])
      await loader.close()
    }
  } catch (error) {
    await recorder.end(error instanceof InterruptedError ? 'interrupted' : 'failed', error)
    throw error
  } finally {
    session.free([trainSet, testSet])
  }
}
