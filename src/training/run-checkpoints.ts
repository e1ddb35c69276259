import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type AnyRunConfig, certificationOf } from '../config/schema'
import type { Position } from '../objectives/place'
import { type TrainerState, updateCheckpoint, writeCheckpoint } from '../runs/checkpoint'
import { keptCheckpoints } from '../runs/checkpoint-policy'
import type { RunDescription } from '../runs/describe-run'
import { listCheckpoints } from '../runs/list-checkpoints'
import type { RunPlan } from '../runs/plan-run'
import type { RunFolder } from '../runs/run-folder'
import type { Dataset } from '../torch'
import { savedOf } from './load-trained'
import type { TrainingState } from './training-state'

export interface RunCheckpointsOptions {
  readonly config: AnyRunConfig
  readonly plan: RunPlan
  readonly state: TrainingState
  readonly testSet: Dataset
  readonly folder: RunFolder
  readonly description: RunDescription
}

/** The changing state of a run, which a checkpoint holds. */
export type Progress = Omit<
  TrainerState,
  | 'config'
  | 'script'
  | 'hooks'
  | 'weights'
  | 'data'
  | 'streams'
  | 'versions'
  | 'metricsBytes'
  | 'metricsSha256'
  | 'updatesPerEpoch'
>

/** The checkpoints of a run: decides when one is due, writes it, and prunes the others. */
export class RunCheckpoints {
  readonly #options: RunCheckpointsOptions
  #savedMs = performance.now()

  constructor(options: RunCheckpointsOptions) {
    this.#options = options
  }

  /** Returns whether to write one within an epoch; the end of an epoch has its own. */
  isDue({ step, update, steps, updatesPerEpoch }: Position): boolean {
    if (update === updatesPerEpoch || step === steps) return false
    const { everyUpdates, everyMinutes } = this.#options.config.checkpoints
    const isDueByCount = everyUpdates !== undefined && step % everyUpdates === 0
    return isDueByCount || performance.now() - this.#savedMs >= everyMinutes * 60_000
  }

  /** Writes a checkpoint and returns its folder. */
  async write(name: string, progress: Progress): Promise<string> {
    const { config, state, testSet, folder, description } = this.#options
    const { weights, data, versions, hooks } = description
    folder.lock.requireHeld()
    const { networks, optimizer, smoothing } = state
    const smoothed = {
      ...{ config: certificationOf(config), smoothing, weights, data, hooks },
      dataset: testSet.description,
      versions: { torch: versions.torch },
    }
    const content = {
      networks: savedOf(state, config.method),
      optimizer,
      smoothed: networks.denoiser === undefined ? smoothed : null,
    }
    const written = await writeCheckpoint(
      join(folder.checkpoints, name),
      content,
      await this.#trainerState(progress),
    )
    this.#savedMs = performance.now()
    return written
  }

  /** Renames the checkpoint in `folder`, whose weights are still current, and updates its metadata. */
  async update(folder: string, name: string, progress: Progress): Promise<string> {
    this.#options.folder.lock.requireHeld()
    return updateCheckpoint(folder, name, await this.#trainerState(progress))
  }

  async #trainerState(progress: Progress): Promise<TrainerState> {
    const { config, plan, folder, description } = this.#options
    const { weights, data, streams, versions, objective, hooks } = description
    return {
      ...progress,
      ...{ config, weights, data, streams, versions, script: objective.script, hooks },
      updatesPerEpoch: plan.updatesPerEpoch,
      ...(await folder.syncMetrics()),
    }
  }

  /** Removes the checkpoints that the policy does not keep. */
  async prune({ best }: Pick<Progress, 'best'>): Promise<void> {
    const { config, plan, folder } = this.#options
    folder.lock.requireHeld()
    // An unreadable checkpoint stays for the user to inspect.
    const present = await listCheckpoints(folder.checkpoints, { damaged: 'skip' })
    const kept = keptCheckpoints(present, { config, plan, best })
    for (const { name } of present) {
      if (!kept.has(name)) await rm(join(folder.checkpoints, name), { recursive: true, force: true })
    }
  }
}
