import { z } from 'zod'
import { packageVersion } from '../../files/package-version'
import { requireToken } from '../access'
import type { ServiceApp, ServiceContext } from '../context'
import { aboutSchema, stateSchema } from '../schemas'

/** Adds the description and state of the service, for clients, orchestrators and Prometheus. */
export function addStateRoutes(app: ServiceApp, context: ServiceContext): void {
  const { predictor, access, limits, admission, metrics } = context
  app.get(
    '/about',
    { schema: { summary: 'What is served, with which limits.', response: { 200: aboutSchema } } },
    async () => {
      const { classes, sigma, digest, config } = predictor.smoothed
      const { n, alpha } = config.certification
      return {
        ...{ version: packageVersion(), classes: [...classes], sigma, n: Math.min(n, limits.mostVotes) },
        ...{ alpha, digest, needsToken: access.token !== undefined, limits: { ...limits } },
      }
    },
  )
  app.get(
    '/health',
    { schema: { summary: 'Whether the service lives.', response: { 200: stateSchema } } },
    async () => ({ status: 'alive' }),
  )
  app.get(
    '/ready',
    {
      schema: {
        summary: 'Whether a prediction would be answered now.',
        response: { 200: stateSchema, 503: stateSchema },
      },
    },
    async (_request, reply) => {
      const status = admission.isStopping ? 'stopping' : predictor.state
      return reply.status(status === 'ready' ? 200 : 503).send({ status })
    },
  )
  app.get(
    '/metrics',
    {
      onRequest: async request => requireToken(request, access),
      schema: {
        summary: 'Figures for Prometheus.',
        security: [{ token: [] }],
        response: { 200: z.string() },
      },
      serializerCompiler: () => String,
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  )
}
