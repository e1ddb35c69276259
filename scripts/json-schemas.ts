import { z } from 'zod'
import { certificationDocumentSchema } from '../src/cli/documents/certification'
import { predictionDocumentSchema } from '../src/cli/documents/prediction'
import { certificationRunSchema, runSchema } from '../src/config/schema'

type JsonSchema = z.core.JSONSchema.BaseSchema

/**
 * JSON schemas by the path of their file: of settings, which an editor completes and checks where a file names one in
 * `$schema`, and of the documents that commands print.
 */
export function jsonSchemas(): Readonly<Record<string, string>> {
  const run = z.toJSONSchema(runSchema, { io: 'input' })
  const certification = z.toJSONSchema(certificationRunSchema, { io: 'input' })
  return {
    'schema/run.json': file(run, 'Settings of a fine-tuning run'),
    'schema/overrides.json': file(partial(run), 'What differs from a preset of a fine-tuning run'),
    'schema/certification.json': file(certification, 'Settings of a certification'),
    'schema/certification-document.json': document(
      certificationDocumentSchema,
      'What `ft-cadis certify --json` prints',
    ),
    'schema/prediction-document.json': document(
      predictionDocumentSchema,
      'What `ft-cadis predict --json` prints',
    ),
  }
}

function file({ properties, ...schema }: JsonSchema, title: string): string {
  const withSchema = { title, ...schema, properties: { $schema: { type: 'string' }, ...properties } }
  return `${JSON.stringify(withSchema, null, 2)}\n`
}

/** As readers take it: with fields that a later version adds. */
function document(schema: z.ZodType, title: string): string {
  return `${JSON.stringify({ title, ...z.toJSONSchema(schema, { io: 'input' }) }, null, 2)}\n`
}

/** Without required fields, so that a kind of a section need not be named again. */
function partial<T>(value: T): T {
  if (Array.isArray(value)) return value.map(partial) as T
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).flatMap(([name, field]) => {
    if (name === 'required' && Array.isArray(field)) return []
    return [[name === 'oneOf' ? 'anyOf' : name, partial(field)]]
  })
  return Object.fromEntries(fields) as T
}
