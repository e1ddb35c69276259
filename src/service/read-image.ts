import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { optionRefusal, Refusal } from './refusal'
import type { RequestOptions } from './schemas'

/** The image and options of a request. */
export interface ImageRequest {
  readonly content: Buffer
  readonly options: RequestOptions
}

/**
 * Reads the image: the body itself, or the only file of a form, whose other fields are options.
 *
 * @throws Refusal if it is missing or empty, or an option is repeated or invalid
 */
export async function readImageRequest(
  request: FastifyRequest,
  schema: z.ZodType<RequestOptions>,
): Promise<ImageRequest> {
  const query = Object(request.query) as Readonly<Record<string, unknown>>
  if (!request.isMultipart()) return { content: imageOf(request.body), options: checked(schema, query) }
  const fields = new Map<string, unknown>(Object.entries(query))
  let content: Buffer | undefined
  for await (const part of request.parts()) {
    if (part.type === 'file') {
      content = await part.toBuffer()
      continue
    }
    if (fields.has(part.fieldname)) {
      throw new Refusal(422, `The option ${JSON.stringify(part.fieldname)} is given twice.`, {
        remedy: 'Give it in the address or in the form.',
      })
    }
    fields.set(part.fieldname, part.value)
  }
  return { content: imageOf(content), options: checked(schema, Object.fromEntries(fields)) }
}

/**
 * Validates options.
 *
 * @throws Refusal that names the option and the accepted values
 */
export function checked(schema: z.ZodType<RequestOptions>, given: unknown): RequestOptions {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw optionRefusal(issue?.path.join('.') ?? '', issue?.message ?? '')
}

function imageOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body) && body.length > 0) return body
  throw new Refusal(422, 'The request has no image.', {
    remedy: 'Send the bytes of an image as the body, or a form with one file.',
  })
}
