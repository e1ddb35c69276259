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
  /** Default: any that is free. */
  readonly port?: number
  /** What clients have to know. */
  readonly token?: string | undefined
  readonly allowedHosts?: readonly string[]
  readonly allowsSeed?: boolean
  readonly limits?: Partial<ServiceLimits>
  /** Called when Python has ended and is started again. */
  readonly onRestart?: (error: Error) => void
}

/** How often connections without a request are closed while the service stops. */
const IDLE_MS = 50

/** How long connections are kept that have not sent a whole request when all that was accepted is answered. */
const SILENT_MS = 500

/** A service that answers. */
export interface Service {
  readonly url: string
  /** Process id of Python. */
  readonly pid: number
  /** Rejects when Python cannot be started again. */
  readonly failed: Promise<never>
  /** Of a request that gives no n, see {@link expectedTime}. */
  expectedTime(): Promise<ExpectedTime>
  /** Answers what was accepted, accepts no more, and ends Python. */
  close(): Promise<void>
}

/**
 * Loads a smoothed classifier and answers requests for certified predictions.
 *
 * @throws ConfigError for an address that others reach without a token; as `connect` and `loadSmoothed`; the error of the
 *   system where the address is taken
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
          // A connection that has its answer would be kept open for more requests.
          app.server.closeIdleConnections()
          answeredMs = admission.accepted > 0 ? undefined : (answeredMs ?? performance.now())
          // One that says nothing, as browsers open them, or not the rest of a request that was refused, would be waited for.
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
