import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { PreliminaryAnswer, SmoothedAnswer } from '../../certification/prediction/smoothed-answer'
import { untilAborted } from '../../certification/queue/until-aborted'
import { given } from '../../files/given'
import { requireToken } from '../access'
import { noteDetails, type ServiceApp, type ServiceContext } from '../context'
import { PartialAnswers } from '../partial-answers'
import { readImageRequest } from '../read-image'
import { Refusal, refusalOf } from '../refusal'
import { answerSchema, optionsSchema, picturesSchema, refusalSchema, type ServiceAnswer } from '../schemas'

/** Noisy copies shown on the page. */
const SHOWN_COPIES = 4

/** Bytes of a seed drawn after the image has arrived. */
const SEED_BYTES = 6

/** Adds predictions, and pictures of the networks' inputs. */
export function addPredictRoutes(app: ServiceApp, context: ServiceContext): void {
  const { access, admission, limits, allowsSeed } = context
  const options = optionsSchema({ mostVotes: limits.mostVotes, allowsSeed })
  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    requireToken(request, access)
    admission.accept(reply)
  }
  const refused = Object.fromEntries(
    [401, 403, 413, 415, 422, 429, 503].map(status => [status, refusalSchema]),
  )
  app.post(
    '/predict',
    {
      onRequest,
      schema: {
        summary: 'Classify an image: its class, and a radius within which it is the same.',
        description:
          'With Accept: application/x-ndjson lines of partial answers come first. They are preliminary: only the last line is a certificate.',
        querystring: options,
        security: [{ token: [] }],
        response: { 200: answerSchema, ...refused },
      },
    },
    async (request, reply) => {
      const { content, options: asked } = await readImageRequest(request, options)
      const wantsLines = request.headers.accept?.includes('application/x-ndjson') === true
      const partial = wantsLines ? new PartialAnswers(reply) : undefined
      // Drawn now, so the creator of the image could not know it.
      const seed = asked.seed ?? randomBytes(SEED_BYTES).readUIntBE(0, SEED_BYTES)
      noteDetails(context, request.raw, { bytes: content.length, ...given(asked), seed })
      try {
        const answer = await withinLimits(reply, limits.seconds, async signal => {
          const n = asked.n ?? Math.min(context.predictor.smoothed.config.certification.n, limits.mostVotes)
          const { result, restarted } = await context.predictor.ask(smoothed =>
            smoothed.predict(content, {
              ...{ ...asked, n, seed, signal },
              onVotes: (votes: PreliminaryAnswer) => partial?.tell(votes),
            }),
          )
          return answerOf(result, { context, restarted, seedIsGiven: asked.seed !== undefined })
        })
        const { verdict, radius, copies, pythonRestarted } = answer
        context.metrics.prediction(verdict, copies)
        noteDetails(context, request.raw, { verdict, radius, copies, pythonRestarted })
        if (partial === undefined) return answer
        partial.end(answer)
      } catch (error) {
        if (partial?.hasBegun !== true) throw error
        const { status, message, remedy } = refusalOf(error, {
          ...limits,
          contentType: request.headers['content-type'],
        })
        if (status >= 500) context.onError?.(error)
        noteDetails(context, request.raw, { refused: message })
        partial.end({ kind: 'error', status, message, remedy })
      }
      return reply
    },
  )
  app.post(
    '/pictures',
    {
      onRequest,
      schema: {
        summary: 'An image as the networks are given it, with a few noisy and denoised copies.',
        querystring: z.strictObject({}),
        security: [{ token: [] }],
        response: { 200: picturesSchema, ...refused },
      },
    },
    async (request, reply) => {
      const { content } = await readImageRequest(request, z.strictObject({}))
      return withinLimits(reply, limits.seconds, async () => {
        const seed = randomBytes(SEED_BYTES).readUIntBE(0, SEED_BYTES)
        const { result } = await context.predictor.ask(smoothed =>
          smoothed.pictures(content, { copies: SHOWN_COPIES, seed }),
        )
        return { ...result, noisy: [...result.noisy], denoised: [...result.denoised] }
      })
    },
  )
}

/** Stops the work for a request whose client has gone, or that exceeds the time limit. */
async function withinLimits<T>(
  reply: FastifyReply,
  seconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const gone = () => stop.abort(new Refusal(499, 'The client has gone.', { remedy: 'Ask again.' }))
  const timer = setTimeout(() => {
    const remedy = 'Ask for fewer copies (n), or for one radius; or try again when fewer requests wait.'
    stop.abort(new Refusal(503, `The request has taken more than ${seconds} s.`, { remedy }))
  }, seconds * 1000)
  reply.raw.once('close', gone)
  try {
    if (reply.raw.closed) gone()
    stop.signal.throwIfAborted()
    // Some work ignores the signal, such as waiting for Python to restart.
    return await untilAborted(work(stop.signal), stop.signal)
  } finally {
    clearTimeout(timer)
    reply.raw.off('close', gone)
  }
}

function answerOf(
  { prediction, className, ...answer }: SmoothedAnswer,
  {
    context: { predictor },
    restarted,
    seedIsGiven,
  }: {
    readonly context: ServiceContext
    readonly restarted: boolean
    readonly seedIsGiven: boolean
  },
): ServiceAnswer {
  const { classes, sigma, digest } = predictor.smoothed
  const { verdict, radius, atRadius, lowerBound, pValue, topClass, topCount, runnerUp, runnerUpCount } =
    answer
  const { votes, n, copies, alpha, seed } = answer
  return {
    ...{
      kind: 'answer',
      verdict,
      class: className === null ? null : prediction,
      className,
      radius,
      atRadius,
    },
    ...{ lowerBound, pValue, topClass, topClassName: classes[topClass] ?? String(topClass), topCount },
    ...{ runnerUp, runnerUpCount, votes: [...votes], n, copies, alpha, seed, seedIsGiven },
    ...{ sigma, digest, pythonRestarted: restarted },
  }
}
