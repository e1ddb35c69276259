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
  /** Whether a request may choose its seed, which voids the guarantee against whoever chooses it. */
  readonly allowsSeed: boolean
  /** Called once per request, when it is answered. */
  readonly onRequest?: ((line: RequestLine) => void) | undefined
  /** Called with errors that are not a client's. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** The log line of a request. It does not contain the image. */
export interface RequestLine {
  readonly time: string
  readonly id: string
  readonly address: string
  readonly method: string
  readonly route: string
  /** 499 if the client had gone. */
  readonly status: number
  readonly ms: number
  /** The request's options and result, or the refusal. */
  readonly [detail: string]: unknown
}

/** The context of the routes. */
export interface ServiceContext extends AppOptions {
  readonly admission: Admission
  readonly metrics: ServiceMetrics
  /** Details for the log line of a request. */
  readonly details: WeakMap<object, Record<string, unknown>>
}

/** The application to which routes are added. */
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
