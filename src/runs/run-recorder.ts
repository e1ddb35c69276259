import {
  type EpochReport,
  type RunEnd,
  type RunStart,
  type RunWatcher,
  rowOf,
  type UpdateReport,
} from './reports'
import type { RunFolder } from './run-folder'

/** Tells the run folder and everybody who watches what happens in a run. */
export class RunRecorder {
  readonly #folder: RunFolder | null
  readonly #watchers: readonly RunWatcher[]
  readonly #steps: number
  readonly #earlierSteps: number
  #step: number
  /** Watchers that have seen the start, and so see the end. */
  #started: RunWatcher[] = []

  constructor({
    folder,
    watchers,
    plan,
    step,
  }: {
    folder: RunFolder | null
    watchers: readonly RunWatcher[]
    plan: { readonly updates: number }
    /** Updates that an earlier part of the run has taken. */
    step: number
  }) {
    this.#folder = folder
    this.#watchers = watchers
    this.#steps = plan.updates
    this.#earlierSteps = step
    this.#step = step
  }

  async start(
    description: unknown,
    { metricsBytes, start }: { metricsBytes: number; start: Omit<RunStart, 'stepsDone'> },
  ): Promise<void> {
    await this.#folder?.begin(description, { metricsBytes })
    await this.saved()
    for (const watcher of this.#watchers) {
      this.#started.push(watcher)
      await watcher.onStart?.({ ...start, stepsDone: this.#earlierSteps })
    }
  }

  async update(report: UpdateReport): Promise<void> {
    this.#step = report.step
    this.#folder?.log(rowOf('update', report))
    for (const watcher of this.#watchers) await watcher.onUpdate?.(report)
  }

  async epoch(report: EpochReport): Promise<void> {
    this.#folder?.log(rowOf('epoch', report))
    for (const watcher of this.#watchers) await watcher.onEpoch?.(report)
  }

  /** A checkpoint has been written: the run is alive and has come so far. */
  async saved(): Promise<void> {
    await this.#folder?.writeState({ state: 'running', step: this.#step, steps: this.#steps })
  }

  /**
   * The run is over. Lets go of the folder; nothing is recorded afterwards.
   *
   * @param error - Why, where it was not to end.
   */
  async end(end: RunEnd, error?: unknown): Promise<void> {
    const place = { step: this.#step, steps: this.#steps }
    const message = error instanceof Error ? { message: error.message } : {}
    const isFailure = end === 'failed'
    try {
      for (const watcher of this.#started.splice(0)) await watcher.onEnd?.(end)
      if (this.#folder?.hasBegun) await this.#folder.writeState({ state: end, ...place, ...message })
    } catch (further) {
      // What keeps a failed run from saying so, a full disk for one, is most often why it failed: the caller hears of that.
      if (!isFailure) throw further
    } finally {
      await this.#folder?.close()
    }
  }
}
