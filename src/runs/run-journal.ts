import { basename } from 'node:path'
import type { Checkpoint } from './checkpoint'
import { metricsRow } from './metrics-row'
import type { EpochReport, RunEnd, RunStart, RunWatcher, UpdateReport } from './reports'
import type { RunFolder, RunState } from './run-folder'

/** Reports the events of a run to its folder and its watchers. */
export class RunJournal {
  readonly #folder: RunFolder | null
  readonly #watchers: readonly RunWatcher[]
  readonly #steps: number
  readonly #planned: number
  readonly #earlierSteps: number
  readonly #resumed: Checkpoint | null
  readonly #launchIds: readonly string[]
  #step: number
  #checkpoint: string | null
  /** Watchers that received the start, and therefore receive the end. */
  #started: RunWatcher[] = []

  constructor({
    folder,
    watchers,
    plan,
    planned = plan.updates,
    resumed,
    launchIds,
  }: {
    folder: RunFolder | null
    watchers: readonly RunWatcher[]
    plan: { readonly updates: number }
    /** Updates of the whole run, if it is planned to stop early. */
    planned?: number
    /** The checkpoint of an earlier part of the run; null for a new one. */
    resumed: Checkpoint | null
    /** See {@link RunState}. */
    launchIds: readonly string[]
  }) {
    this.#folder = folder
    this.#watchers = watchers
    this.#steps = plan.updates
    this.#planned = planned
    this.#earlierSteps = resumed?.state.step ?? 0
    this.#step = this.#earlierSteps
    this.#resumed = resumed
    this.#checkpoint = resumed === null ? null : basename(resumed.folder)
    this.#launchIds = launchIds
  }

  async start(description: unknown, start: Omit<RunStart, 'stepsDone'>): Promise<void> {
    const { state = null } = this.#resumed ?? {}
    await this.#folder?.begin(description, { resumed: state, state: this.#state('running') })
    for (const watcher of this.#watchers) {
      this.#started.push(watcher)
      await watcher.onStart?.({ ...start, stepsDone: this.#earlierSteps })
    }
  }

  async update(report: UpdateReport): Promise<void> {
    this.#step = report.step
    this.#folder?.log(metricsRow('update', report))
    for (const watcher of this.#watchers) await watcher.onUpdate?.(report)
  }

  async epoch(report: EpochReport): Promise<void> {
    this.#folder?.log(metricsRow('epoch', report))
    for (const watcher of this.#watchers) await watcher.onEpoch?.(report)
  }

  /** Records that a checkpoint was written, and its step. */
  async saved(checkpoint: string): Promise<void> {
    this.#checkpoint = checkpoint
    await this.#folder?.writeState(this.#state('running'))
    await this.#folder?.removeReplaced()
  }

  #state(state: RunState['state']): RunState {
    return {
      ...{ state, step: this.#step, steps: this.#steps, checkpoint: this.#checkpoint },
      ...(this.#steps < this.#planned ? { planned: this.#planned } : {}),
      ...(this.#launchIds.length === 0 ? {} : { launchIds: this.#launchIds }),
    }
  }

  /**
   * Ends the run and closes the folder; nothing is recorded afterwards.
   *
   * @param error - Reason for an unplanned end.
   */
  async end(end: RunEnd, error?: unknown): Promise<void> {
    const message = error instanceof Error ? { message: error.message } : {}
    const isFailure = end === 'failed'
    try {
      for (const watcher of this.#started.splice(0)) await watcher.onEnd?.(end)
      if (this.#folder?.hasBegun) await this.#folder.writeState({ ...this.#state(end), ...message })
      if (this.#folder?.hasBegun && end === 'finished') await this.#folder.removeReplaced()
    } catch (further) {
      // If a failed run cannot record its failure, the cause is usually the same, such as a full disk. The caller gets
      // the first error.
      if (!isFailure) throw further
    } finally {
      await this.#folder?.close()
    }
  }
}
