import type { FtCadisForm } from '../objectives/ft-cadis/ft-cadis'
import type { Form, LossTerm, Rule } from '../objectives/objective'
import type { RunWatcher } from '../runs/reports'
import type { AnyDenoiser } from '../torch'
import type { Schedule } from './hyperparameters'

/**
 * Hooks with which a caller customises or observes a run. With several processes, only the first one calls the methods of a watcher;
 * everything else must be the same in every process.
 */
export interface FinetuneHooks<F extends Form = FtCadisForm> extends RunWatcher {
  /** Further watchers. */
  readonly watchers?: readonly RunWatcher[] | undefined
  /** Whether to show progress on stderr, in the first process only. Default: if stderr is a terminal. */
  readonly progress?: boolean | undefined
  /** Whether to write `tensorboard/` and `samples/`. Default: unless `updatesOnly`. */
  readonly eventFiles?: boolean | undefined
  /**
   * Replaces the objective's decision: with FT-CADIS, which denoised images to train on and which images to attack. The result is checked.
   */
  readonly rule?: Rule<F> | undefined
  /** A term to add to the loss. */
  readonly lossTerm?: LossTerm<F> | undefined
  readonly schedule?: Schedule<F['settings']> | undefined
  /** The denoiser of the configuration, already loaded, to share it between runs; any other is refused. The caller frees it. */
  readonly denoiser?: AnyDenoiser | undefined
  /**
   * How to handle an earlier run in the output folder. `resume` continues from its newest checkpoint, or starts over if it has none.
   * `replace` moves the run aside, and removes it once the new run has a checkpoint. Default `refuse`. If a launcher restarts its ranks,
   * the run of this launch resumes, whatever this says.
   */
  readonly existing?: 'refuse' | 'replace' | 'resume' | undefined
  /**
   * Whether to resume a run even if a bare function among `rule`, `lossTerm` and `schedule` has a different source than at the start.
   * Default false. Functions of `defineHook` are compared by name and parameters instead.
   */
  readonly acceptChangedHooks?: boolean | undefined
  /**
   * Stops the run: it finishes the current update, writes a checkpoint and rejects with InterruptedError, which contains the signal's
   * reason.
   */
  readonly signal?: AbortSignal | undefined
  /** Stops the run in the same way after this many hours. */
  readonly maxHours?: number | undefined
  /**
   * How to handle an update whose loss or gradient is not finite. The update is never applied, and is recorded in the run folder. `skip`
   * continues unless it is the third in a row. Default `skip`.
   */
  readonly onNonFinite?: 'skip' | 'stop' | undefined
  /**
   * Ends the run after this many updates. The current epoch is evaluated as the last; its checkpoint is named by its step and is never the
   * best. Schedules stay as configured.
   */
  readonly stopAfterUpdates?: number | undefined
  /**
   * Whether to measure the initial classifier of a new run on 200 clean test images before the first update. Warns with the likely cause if
   * it does badly, and records the result in `config.json`. It affects no number of the run. Skips random weights, new heads and resumed
   * runs. Default false.
   */
  readonly sanity?: boolean | undefined
  /** Number of test images in the evaluation after each epoch, spread evenly over the test set. Default: all. */
  readonly evaluationImages?: number | undefined
  /** Runs no evaluation and writes no checkpoints, to measure updates. Default false. */
  readonly updatesOnly?: boolean | undefined
}
