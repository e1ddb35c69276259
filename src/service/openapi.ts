import { jsonSchemaTransformObject } from 'fastify-type-provider-zod'

/** Supported image types. */
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/bmp', 'image/gif', 'image/tiff']

const BINARY = { type: 'string', format: 'binary' } as const

type Transformed = ReturnType<typeof jsonSchemaTransformObject>

/** Adds request bodies to the OpenAPI document: images, which have no schema for validation. */
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
