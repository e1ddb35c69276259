import multipart from '@fastify/multipart'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { packageVersion } from '../files/package-version'
import { requireOwnSite } from './access'
import { Admission } from './admission'
import { type AppOptions, noteDetails, type ServiceApp, type ServiceContext } from './context'
import { serviceMetrics } from './metrics'
import { withImageBodies } from './openapi'
import { refusalOf } from './refusal'
import { addPageRoutes } from './routes/page'
import { addPredictRoutes } from './routes/predict'
import { addStateRoutes } from './routes/state'

/** Seconds in which a complete request must arrive. */
const ARRIVAL_SECONDS = 30

const CLIENT_GONE = 499

/** Content policy of the documentation pages: nothing from other hosts. */
const DOCS_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"

/** Creates the web application, without listening. */
export async function createApp(options: AppOptions) {
  const { limits, access } = options
  const admission = new Admission(limits.waiting)
  const context: ServiceContext = {
    ...options,
    ...{ admission, details: new WeakMap() },
    metrics: serviceMetrics({ waiting: () => admission.accepted }),
  }
  // Fastify accepts only integers.
  const bytes = Math.ceil(limits.megabytes * 1e6)
  const app: ServiceApp = fastify({
    ...{ bodyLimit: bytes, requestTimeout: ARRIVAL_SECONDS * 1000, forceCloseConnections: 'idle' },
    // The service logs one line per request.
    logger: false,
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, request, reply) => {
    const { status, message, remedy } = refusalOf(error, {
      ...limits,
      contentType: request.headers['content-type'],
    })
    if (status >= 500) context.onError?.(error)
    noteDetails(context, request.raw, { refused: message })
    // The rest of the body is not awaited.
    if (status === 413 || status === 429) reply.header('connection', 'close')
    return reply.status(status).send({ kind: 'error', status, message, remedy })
  })
  app.setNotFoundHandler((request, reply) =>
    reply.status(404).send({
      ...{ kind: 'error', status: 404, message: `No such route: ${request.method} ${pathOf(request.url)}.` },
      remedy: 'See /docs for what there is.',
    }),
  )
  app.addHook('onRequest', async (request, reply) => {
    // Not the hook onResponse, which is not called if the client has gone.
    reply.raw.once('close', () => noteRequest(request, reply))
    requireOwnSite(request, access)
  })
  const noteRequest = (request: FastifyRequest, reply: FastifyReply) => {
    const route = request.routeOptions.url ?? 'none'
    const status = reply.raw.writableFinished ? reply.statusCode : CLIENT_GONE
    context.metrics.request(route, status, reply.elapsedTime / 1000)
    context.onRequest?.({
      ...{ time: new Date().toISOString(), id: String(request.id), address: request.ip },
      ...{ method: request.method, route, status, ms: Math.round(reply.elapsedTime) },
      ...context.details.get(request.raw),
    })
  }
  app.removeAllContentTypeParsers()
  for (const type of ['application/octet-stream', /^image\//]) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  }
  await app.register(multipart, {
    limits: { files: 1, fields: 8, parts: 9, fieldSize: 100, fileSize: bytes },
    throwFileSizeLimit: true,
  })
  await app.register(swagger, {
    openapi: {
      info: {
        title: 'ft-cadis serve',
        description: 'Certified predictions of a smoothed classifier.',
        version: packageVersion(),
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: withImageBodies,
  })
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: DOCS_POLICY })
  addPredictRoutes(app, context)
  addStateRoutes(app, context)
  addPageRoutes(app)
  return { app, admission, metrics: context.metrics }
}

function pathOf(url: string): string {
  return url.replace(/\?.*$/s, '')
}
