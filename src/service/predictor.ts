import { connect, type Session } from '../bridge'
import { type LoadSmoothedOptions, loadSmoothed } from '../certification/prediction/load-smoothed'
import type { LoadedSmoothed } from '../certification/prediction/loaded-smoothed'
import { PythonExitError } from '../errors'
import type { SmoothedInput } from '../smoothing/smoothed-input'

export interface PredictorOptions extends LoadSmoothedOptions {
  readonly source: SmoothedInput
  readonly python?: string | undefined
  readonly device?: string | undefined
  readonly threads?: number | undefined
  /** Called when Python has ended and restarts. */
  readonly onRestart?: (error: PythonExitError) => void
}

/** The result of a query, and whether Python ended or was restarting meanwhile. */
export interface Predicted<T> {
  readonly result: T
  readonly restarted: boolean
}

/** Python restarted without the networks: its cause says why. */
export class NetworksGoneError extends Error {}

interface Loaded {
  readonly session: Session
  readonly smoothed: LoadedSmoothed
  /** Whether any query was answered since Python restarted. */
  hasAnswered: boolean
}

/**
 * A smoothed classifier that survives the end of its Python: it restarts Python at once, even when idle, and repeats
 * pending queries once. If Python ends again before answering any query, the predictor has failed.
 */
export class Predictor {
  readonly #options: PredictorOptions
  #loaded: Loaded
  #starting: Promise<Loaded> | undefined
  #isClosing = false
  /** The error of all later queries. */
  #failure: { readonly error: Error } | undefined
  readonly #failed: Promise<never>
  #fail!: (error: unknown) => void

  private constructor(options: PredictorOptions, loaded: Loaded) {
    this.#options = options
    this.#loaded = loaded
    this.#failed = new Promise((_resolve, reject) => {
      this.#fail = reject
    })
    this.#failed.catch(() => undefined)
    this.#watch(loaded)
  }

  /** Starts Python and loads the networks. Throws as `connect` and `loadSmoothed`. */
  static async start(options: PredictorOptions): Promise<Predictor> {
    return new Predictor(options, { ...(await load(options)), hasAnswered: true })
  }

  get smoothed(): LoadedSmoothed {
    return this.#loaded.smoothed
  }

  get state(): 'ready' | 'restarting' | 'failed' {
    if (this.#failure !== undefined) return 'failed'
    return this.#starting === undefined ? 'ready' : 'restarting'
  }

  /** Rejects if Python cannot restart, or ends again at once. */
  get failed(): Promise<never> {
    return this.#failed
  }

  /** Process id of Python. */
  get pid(): number {
    return this.#loaded.session.pid
  }

  /**
   * Queries the networks.
   *
   * @throws errors of the query; PythonExitError if Python ended twice; NetworksGoneError
   */
  async ask<T>(question: (smoothed: LoadedSmoothed) => Promise<T>): Promise<Predicted<T>> {
    let restarted = this.#starting !== undefined
    for (let isAgain = false; ; isAgain = true) {
      const loaded = await this.#ready()
      try {
        const result = await question(loaded.smoothed)
        loaded.hasAnswered = true
        return { result, restarted }
      } catch (error) {
        if (!(error instanceof PythonExitError)) throw error
        this.#restart(loaded, error)
        if (isAgain) throw error
        restarted = true
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#starting?.catch(() => undefined)
    await this.#loaded.session.close()
  }

  async #ready(): Promise<Loaded> {
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#starting ?? this.#loaded
  }

  /** Restarts a Python that ends while idle before the next request. */
  async #watch(loaded: Loaded): Promise<void> {
    const error = await loaded.session.ended
    if (error instanceof PythonExitError && !this.#isClosing) this.#restart(loaded, error)
  }

  /** Restarts once for all queries that were running in the ended Python. */
  #restart(gone: Loaded, error: PythonExitError): void {
    if (gone !== this.#loaded || this.#starting !== undefined || this.#failure !== undefined) return
    if (!gone.hasAnswered) {
      this.#failure = { error }
      this.#fail(error)
      return
    }
    this.#options.onRestart?.(error)
    this.#starting = this.#startAgain(gone)
    this.#starting.catch(() => undefined)
  }

  async #startAgain(gone: Loaded): Promise<Loaded> {
    try {
      await gone.session.close()
      this.#loaded = await load(this.#options)
      this.#watch(this.#loaded)
      return this.#loaded
    } catch (cause) {
      const error = new NetworksGoneError('The networks could not be loaded again.', { cause })
      this.#failure = { error }
      this.#fail(cause)
      throw error
    } finally {
      this.#starting = undefined
    }
  }
}

async function load({ source, python, device, threads, ...options }: PredictorOptions): Promise<Loaded> {
  const session = await connect({ python, device, threads })
  try {
    return { session, smoothed: await loadSmoothed(session, source, options), hasAnswered: false }
  } catch (error) {
    await session.close()
    throw error
  }
}
