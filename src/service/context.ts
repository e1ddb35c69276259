import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { AccessOptions } from './access'
import type { Admission } from './admission'
import type { ServiceLimits } from './limits'
import type { ServiceMetrics } from './metrics'
import type { Predictor } from './predictor'

export interface AppOptions {
  readonly predictor: Pick<Predictor, 'ask' | 'smoothed' | 'state'>
  readonly access: AccessOptions
  readonly limits: ServiceLimits
  /** Whether a request may name its seed, which takes the guarantee away against whoever chooses it. */
  readonly allowsSeed: boolean
  /** Called once a request, when it is answered. */
  readonly onRequest?: ((line: RequestLine) => void) | undefined
  /** Called with what is not a fault of a client. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** What is said about a request. The image is not in it. */
export interface RequestLine {
  readonly time: string
  readonly id: string
  readonly address: string
  readonly method: string
  readonly route: string
  /** 499 where the client had gone. */
  readonly status: number
  readonly ms: number
  /** What was asked and found, or refused. */
  readonly [detail: string]: unknown
}

/** What the routes work with. */
export interface ServiceContext extends AppOptions {
  readonly admission: Admission
  readonly metrics: ServiceMetrics
  /** What the log line of a request says beside the common fields. */
  readonly details: WeakMap<object, Record<string, unknown>>
}

/** The application as routes are added to it. */
export type ServiceApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** Adds to the log line of a request. */
export function noteDetails(
  { details }: Pick<ServiceContext, 'details'>,
  request: object,
  more: Readonly<Record<string, unknown>>,
): void {
  details.set(request, { ...details.get(request), ...more })
}
