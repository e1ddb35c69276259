import { type ExpectedTime, expectedTime } from '../certification/prediction/expected-time'
import type { SmoothedInput } from '../smoothing/smoothed-input'
import { requireAccess } from './access'
import { createApp } from './app'
import type { AppOptions } from './context'
import { DEFAULT_LIMITS, type ServiceLimits } from './limits'
import { Predictor, type PredictorOptions } from './predictor'

export interface ServeOptions
  extends Pick<PredictorOptions, 'python' | 'device' | 'threads' | 'onNote'>,
    Pick<AppOptions, 'onRequest' | 'onError'> {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default: any free port. */
  readonly port?: number
  /** The secret of clients. */
  readonly token?: string | undefined
  readonly allowedHosts?: readonly string[]
  readonly allowsSeed?: boolean
  readonly limits?: Partial<ServiceLimits>
  /** Called when Python has ended and restarts. */
  readonly onRestart?: (error: Error) => void
}

/** Interval for closing idle connections while the service stops, in milliseconds. */
const IDLE_MS = 50

/** Milliseconds for which incomplete requests keep their connection after all accepted ones are answered. */
const SILENT_MS = 500

/** A running service. */
export interface Service {
  readonly url: string
  /** Process id of Python. */
  readonly pid: number
  /** Rejects if Python cannot restart. */
  readonly failed: Promise<never>
  /** Estimates the time of a request with the default n, see {@link expectedTime}. */
  expectedTime(): Promise<ExpectedTime>
  /** Answers accepted requests, refuses new ones, and ends Python. */
  close(): Promise<void>
}

/**
 * Loads a smoothed classifier and serves certified predictions.
 *
 * @throws ConfigError for a public address without a token; as `connect` and `loadSmoothed`; the system's error if the
 * address is in use
 */
export async function serve(source: SmoothedInput, options: ServeOptions = {}): Promise<Service> {
  const { host = '127.0.0.1', port = 0, token, allowedHosts = [], allowsSeed = false } = options
  const { python, device, threads, onNote, onRequest, onError } = options
  requireAccess({ host, token })
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  let onRestart: ((error: Error) => void) | undefined
  const predictor = await Predictor.start({
    ...{ source, python, device, threads },
    ...(onNote !== undefined && { onNote }),
    limits: { maxMegapixels: limits.megapixels, maxMegabytes: limits.megabytes },
    onRestart: error => onRestart?.(error),
  })
  try {
    const { app, admission, metrics } = await createApp({
      ...{ predictor, limits, allowsSeed, onRequest, onError, access: { host, allowedHosts, token } },
    })
    onRestart = error => {
      metrics.restart()
      options.onRestart?.(error)
    }
    const url = await app.listen({ host, port })
    return {
      ...{ url, failed: predictor.failed },
      get pid() {
        return predictor.pid
      },
      async expectedTime() {
        return (await predictor.ask(smoothed => expectedTime(smoothed, limits))).result
      },
      async close() {
        admission.stop()
        let answeredMs: number | undefined
        const idle = setInterval(() => {
          // An answered connection would stay open for more requests.
          app.server.closeIdleConnections()
          answeredMs = admission.accepted > 0 ? undefined : (answeredMs ?? performance.now())
          // Browsers open silent connections, and refused requests may be incomplete: do not wait for them.
          if (answeredMs !== undefined && performance.now() - answeredMs > SILENT_MS)
            app.server.closeAllConnections()
        }, IDLE_MS)
        try {
          await app.close()
        } finally {
          clearInterval(idle)
          await predictor.close()
        }
      },
    }
  } catch (error) {
    await predictor.close()
    throw error
  }
}
