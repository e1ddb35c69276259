import type { FtCadisForm } from '../objectives/ft-cadis/ft-cadis'
import type { Form, LossTerm, Rule } from '../objectives/objective'
import type { RunWatcher } from '../runs/reports'
import type { AnyDenoiser } from '../torch'
import type { Schedule } from './hyperparameters'

/**
 * What a caller can put in or look at. The methods of a watcher are called in the first process only, where a run has
 * several; all else must be the same in every process.
 */
export interface FinetuneHooks<F extends Form = FtCadisForm> extends RunWatcher {
  /** Further watchers. */
  readonly watchers?: readonly RunWatcher[] | undefined
  /** Whether stderr shows how far the run is, in the first process only. Default: where stderr is a terminal. */
  readonly progress?: boolean | undefined
  /** Whether `tensorboard/` and `samples/` are written. Default: unless `updatesOnly`. */
  readonly eventFiles?: boolean | undefined
  /**
   * Decides in place of the objective: with FT-CADIS, which denoised images are learnt from and which images are
   * attacked. Its answer is checked.
   */
  readonly rule?: Rule<F> | undefined
  /** A term that is added to the loss. */
  readonly lossTerm?: LossTerm<F> | undefined
  readonly schedule?: Schedule<F['settings']> | undefined
  /**
   * The denoiser of the configuration where it is loaded already, to share it between runs; another one is refused. The caller
   * frees it.
   */
  readonly denoiser?: AnyDenoiser | undefined
  /**
   * What to do where an earlier run has left something in the output folder: `resume` continues with it from its newest
   * checkpoint, or begins where none has been written so far; `replace` moves it aside, and removes it when the new run
   * has a checkpoint. Default `refuse`. Where a launcher has restarted its ranks, the run that this launch has begun is
   * resumed, whatever stands here.
   */
  readonly existing?: 'refuse' | 'replace' | 'resume' | undefined
  /**
   * Whether a run is resumed although a bare function among `rule`, `lossTerm` and `schedule` has another source than the
   * one that it was begun with. Default false. Functions of `defineHook` are known by name and parameters instead.
   */
  readonly acceptChangedHooks?: boolean | undefined
  /**
   * Asks the run to stop: it finishes the update under way, writes a checkpoint and rejects with InterruptedError, which
   * tells the signal's reason.
   */
  readonly signal?: AbortSignal | undefined
  /** Stops the run in the same way after this many hours. */
  readonly maxHours?: number | undefined
  /**
   * What to do about an update whose loss or gradient is not finite. It is never taken, and a record of it is left in
   * the run folder. `skip` continues unless it is the third in a row. Default `skip`.
   */
  readonly onNonFinite?: 'skip' | 'stop' | undefined
  /**
   * Ends the run after this many updates. The epoch under way is evaluated as the last; its checkpoint is named by its step,
   * and it is never the best. Schedules stay as configured.
   */
  readonly stopAfterUpdates?: number | undefined
  /**
   * Whether the classifier that a new run begins with is measured on 200 clean test images before the first update, with a warning on
   * the likely cause where it does badly; `config.json` says what was found. No number of the run depends on it. Random weights, new
   * heads and what a run is resumed with are not measured. Default false.
   */
  readonly sanity?: boolean | undefined
  /** Test images in the evaluation after each epoch, spread evenly over the test set. Default: all. */
  readonly evaluationImages?: number | undefined
  /** Neither evaluates nor leaves checkpoints: for measuring updates. Default false. */
  readonly updatesOnly?: boolean | undefined
}
