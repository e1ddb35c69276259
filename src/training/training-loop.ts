import { basename } from 'node:path'
import type { AnyRunConfig } from '../config/schema'
import { InterruptedError } from '../errors'
import { isBetter } from '../objectives/is-better'
import type { Evaluation, Form } from '../objectives/objective'
import type { Place } from '../objectives/place'
import type { Checkpoint } from '../runs/checkpoint'
import { epochName, stepName } from '../runs/checkpoint-name'
import type { RunDescription } from '../runs/describe-run'
import { evenlySpread } from '../runs/evenly-spread'
import { type RunPlan, sizeOfUpdate } from '../runs/plan-run'
import type { EpochReport, UpdateReport } from '../runs/reports'
import type { RunFolder } from '../runs/run-folder'
import type { RunJournal } from '../runs/run-journal'
import type { Dataset } from '../torch'
import { evaluate } from './evaluate'
import type { FinetuneHooks } from './hooks'
import { type Hyperparameters, optimiserSchedule, type Schedule } from './hyperparameters'
import { FIRST_LOSS_SCALE, NO_LOSS_SCALE, nextLossScale } from './loss-scale'
import { nonFiniteError, nonFiniteRecord } from './non-finite'
import type { ParameterGroup } from './parameter-groups'
import { type Progress, RunCheckpoints } from './run-checkpoints'
import { trainUpdate, type UpdateOutcome } from './train-step'
import type { TrainingState } from './training-state'

/** Consecutive updates that are not finite before the run ends. */
const NON_FINITE_IN_A_ROW = 3

/** The hooks that the loop itself uses. */
export type LoopHooks = Pick<
  FinetuneHooks,
  'signal' | 'maxHours' | 'onNonFinite' | 'evaluationImages' | 'updatesOnly'
> & { readonly schedule?: Schedule<Form['settings']> | undefined }

export interface TrainingContext {
  readonly config: AnyRunConfig
  readonly plan: RunPlan
  readonly groups: readonly ParameterGroup[]
  readonly state: TrainingState
  readonly evaluation: Evaluation
  /** M: noises of each image in an update. */
  readonly noises: number
  readonly testSet: Dataset
  readonly journal: RunJournal
  readonly folder: RunFolder | null
  readonly hooks: LoopHooks
  readonly description: RunDescription
  readonly resumed: Checkpoint | null
}

/** Runs epochs and updates, from the position of a checkpoint on. */
export class TrainingLoop {
  readonly epochs: EpochReport[] = []
  /** Folder of the last checkpoint; empty if none exists. */
  checkpoint: string
  readonly #context: TrainingContext
  #progress: Progress
  /** The step of the last checkpoint. */
  #savedStep: number | undefined
  readonly #deadlineMs: number
  /** null if the run writes none. */
  readonly #checkpoints: RunCheckpoints | null

  constructor(context: TrainingContext) {
    const { resumed, config, hooks, folder } = context
    this.#context = context
    this.#checkpoints =
      folder === null || hooks.updatesOnly ? null : new RunCheckpoints({ ...context, folder })
    this.checkpoint = resumed?.folder ?? ''
    this.#savedStep = resumed?.state.step
    this.#progress = resumed?.state ?? {
      epoch: 1,
      updatesInEpoch: 0,
      step: 0,
      lossScale: config.autocast === 'float16' ? FIRST_LOSS_SCALE : NO_LOSS_SCALE,
      nonFiniteInARow: 0,
      best: null,
      skippedImages: 0,
      skippedPaths: [],
    }
    // Unaffected by changes of the system clock.
    this.#deadlineMs = performance.now() + (hooks.maxHours ?? Number.POSITIVE_INFINITY) * 3_600_000
  }

  /** @throws InterruptedError, NonFiniteLossError, and Python's errors */
  async run(): Promise<void> {
    const { plan, state, hooks } = this.#context
    while (this.#progress.epoch <= plan.epochs) {
      const { epoch, updatesInEpoch } = this.#progress
      const last = Math.min(plan.updatesPerEpoch, plan.updates - (epoch - 1) * plan.updatesPerEpoch)
      if (updatesInEpoch < last) {
        state.loader.start(epoch - 1, { firstBatch: updatesInEpoch * plan.microBatches })
      }
      for (let update = updatesInEpoch + 1; update <= last; update += 1) await this.#update(update)
      if (!hooks.updatesOnly) await this.#endEpoch()
      if (last < plan.updatesPerEpoch) return
      if (hooks.updatesOnly) this.#move({ epoch: epoch + 1, updatesInEpoch: 0 })
    }
  }

  async #update(update: number): Promise<void> {
    const { config, plan, groups, state, journal } = this.#context
    const { clip } = config.optimisation
    const { images, microBatches } = sizeOfUpdate(update, plan)
    const { epoch, lossScale, nonFiniteInARow } = this.#progress
    const place = this.#placeOf(update)
    const { learningRate, weightDecay, method: settings } = this.#hyperparametersAt(place)
    const { session } = state.networks.classifier
    const before = { ...session.counters }
    const begunMs = performance.now()
    const outcome = await trainUpdate(state, {
      ...{ place, settings },
      microBatches,
      imagesPerUpdate: images,
      learningRates: groups.map(group => learningRate * group.learningRateScale),
      weightDecays: groups.map(group => (group.decays ? weightDecay : 0)),
      clip: clip === 'none' ? null : clip,
      lossScale: lossScale.scale,
      stream: [config.seed, 'train', epoch, update],
      wantsStop: () => this.#wantsStop(),
    })
    const durationMs = performance.now() - begunMs
    const { metrics, taken, stops, deviceBytes } = outcome
    // If only a scaled gradient overflows, the cause is the scale, not the batch.
    const overflowed = !taken && lossScale.scale > 1 && Number.isFinite(metrics.loss)
    const isAtFault = !taken && !overflowed
    this.#move({
      updatesInEpoch: update,
      step: place.step,
      lossScale: config.autocast === 'float16' ? nextLossScale(lossScale, { overflowed }) : lossScale,
      nonFiniteInARow: isAtFault ? nonFiniteInARow + 1 : 0,
    })
    const scales = groups.map(({ learningRateScale }) => learningRateScale)
    const { epochsDone: _, ...position } = place
    const report: UpdateReport = {
      ...position,
      ...metrics,
      ...{ taken, learningRate, weightDecay },
      firstLayerLearningRate: learningRate * Math.min(...scales),
      lastLayerLearningRate: learningRate * Math.max(...scales),
      lossScale: lossScale.scale,
      durationMs,
      hostMs: durationMs - (session.counters.pythonMs - before.pythonMs),
      imagesPerSecond: (1000 * images) / durationMs,
      roundTrips: session.counters.roundTrips - before.roundTrips,
      liveTensors: session.liveTensors(),
      deviceBytes,
    }
    await journal.update(report)
    if (isAtFault) await this.#explain(report, outcome)
    if (stops) await this.#stop()
    if (this.#checkpoints?.isDue(place)) await this.#saveStep()
  }

  #placeOf(update: number): Place {
    const { plan } = this.#context
    const { epoch } = this.#progress
    return {
      epochsDone: epoch - 1 + (update - 1) / plan.updatesPerEpoch,
      epoch,
      update,
      updatesPerEpoch: plan.updatesPerEpoch,
      epochs: plan.epochs,
      step: (epoch - 1) * plan.updatesPerEpoch + update,
      steps: plan.updates,
    }
  }

  #hyperparametersAt(place: Place): Hyperparameters<Form['settings']> {
    const { config, hooks, state } = this.#context
    const configured = {
      ...optimiserSchedule(place.epochsDone, config),
      method: state.steps.settingsAt(place),
    }
    return { ...configured, ...hooks.schedule?.(place, configured) }
  }

  /** Records the failed update, and ends the run if it is one too many. */
  async #explain(report: UpdateReport, outcome: UpdateOutcome): Promise<void> {
    const { config, state, plan, folder, hooks } = this.#context
    const record = await nonFiniteRecord(state, outcome, { config, plan, report })
    const path = (await folder?.writeNonFinite(report.step, record)) ?? null
    const { nonFiniteInARow } = this.#progress
    if (hooks.onNonFinite === 'stop' || nonFiniteInARow >= NON_FINITE_IN_A_ROW) {
      throw nonFiniteError(report, { path, inARow: nonFiniteInARow })
    }
  }

  #wantsStop(): boolean {
    return this.#context.hooks.signal?.aborted === true || performance.now() >= this.#deadlineMs
  }

  async #stop(): Promise<never> {
    const { hooks, config, state } = this.#context
    const { step } = this.#progress
    await this.#saveStep()
    const { signal } = hooks
    const reason = signal?.aborted ? String(signal.reason) : 'time limit'
    throw new InterruptedError(reason, {
      what: `The run ${config.output} stopped after update ${step} (${reason})`,
      remedy: this.#remedy(state.group.rank),
    })
  }

  #remedy(rank: number): string {
    if (rank > 0) return 'Resume it from its newest checkpoint.'
    return this.checkpoint === '' ? 'Start it again.' : `Resume it from ${this.checkpoint}.`
  }

  /** Evaluates the epoch, which may have been cut short. Saves its training first, whatever happens afterwards. */
  async #endEpoch(): Promise<void> {
    const { config, plan, state, evaluation, noises, testSet, journal, hooks } = this.#context
    const { epoch, updatesInEpoch, step, best } = this.#progress
    const isWhole = updatesInEpoch === plan.updatesPerEpoch
    const corruptTestImages: string[] = []
    await this.#saveStep()
    const metrics = await evaluate(state.judged, testSet, {
      evaluation,
      // If it fits into memory in training, it fits here.
      batch: plan.imagesPerMicroBatch * noises,
      seed: config.seed,
      indices: evenlySpread(testSet.description.length, hooks.evaluationImages),
      group: state.group,
      isStopped: () => this.#wantsStop(),
      ...('onCorrupt' in config.data && config.data.onCorrupt === 'skip'
        ? { onCorrupt: (paths: readonly string[]) => void corruptTestImages.push(...paths) }
        : {}),
    })
    if (metrics === null) return this.#stop()
    const skipped = await this.#skipped()
    const report: EpochReport = {
      ...{ epoch, step, metrics, ...skipped },
      ...(corruptTestImages.length === 0 ? {} : { corruptTestImages }),
    }
    this.epochs.push(report)
    await journal.epoch(report)
    const { metric, is } = evaluation.best
    const value = metrics[metric] ?? Number.NaN
    // A value that is not finite cannot be the best, and JSON cannot represent it.
    const isBest = isWhole && isBetter(value, best?.value, is)
    this.#move({
      ...(isWhole ? { epoch: epoch + 1, updatesInEpoch: 0 } : {}),
      best: isBest ? { epoch, value } : best,
    })
    const name = isWhole ? epochName(epoch) : stepName(step)
    await this.#keep((checkpoints, progress) => checkpoints.update(this.checkpoint, name, progress))
  }

  /** Corrupt images of the whole run, as seen by this process. */
  async #skipped(): Promise<Pick<Progress, 'skippedImages' | 'skippedPaths'>> {
    const { state, resumed } = this.#context
    const { loader } = state
    const { count, paths } = await loader.session.compute(() => loader.skippedImages())
    const { skippedImages = 0, skippedPaths = [] } = resumed?.state ?? {}
    return {
      skippedImages: skippedImages + count,
      skippedPaths: [...new Set([...skippedPaths, ...paths])],
    }
  }

  /** Saves the state of the run, unless the last checkpoint is of this step. */
  async #saveStep(): Promise<void> {
    const { step } = this.#progress
    if (this.#savedStep === step) return
    await this.#keep((checkpoints, progress) => checkpoints.write(stepName(step), progress))
    this.#savedStep = step
  }

  async #keep(write: (checkpoints: RunCheckpoints, progress: Progress) => Promise<string>): Promise<void> {
    if (this.#checkpoints === null) return
    const progress = { ...this.#progress, ...(await this.#skipped()) }
    this.checkpoint = await write(this.#checkpoints, progress)
    await this.#context.journal.saved(basename(this.checkpoint))
    await this.#checkpoints.prune(progress)
  }

  #move(progress: Partial<Progress>): void {
    this.#progress = { ...this.#progress, ...progress }
  }
}
