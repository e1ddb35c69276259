import { jsonSchemaTransformObject } from 'fastify-type-provider-zod'

/** Types of images that are decoded. */
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/bmp', 'image/gif', 'image/tiff']

const BINARY = { type: 'string', format: 'binary' } as const

type Transformed = ReturnType<typeof jsonSchemaTransformObject>

/** Adds to the OpenAPI document the bodies of requests, which are images and have no schema to be checked by. */
export function withImageBodies(input: Parameters<typeof jsonSchemaTransformObject>[0]): Transformed {
  const document = jsonSchemaTransformObject(input) as Transformed & {
    paths?: Record<string, { post?: { requestBody?: unknown } }>
  }
  const form = { type: 'object', properties: { image: BINARY }, required: ['image'] }
  const contents = [...IMAGE_TYPES, 'application/octet-stream'].map(type => [type, { schema: BINARY }])
  for (const { post } of Object.values(document.paths ?? {})) {
    if (post === undefined) continue
    post.requestBody = {
      required: true,
      content: { ...Object.fromEntries(contents), 'multipart/form-data': { schema: form } },
    }
  }
  return document
}
