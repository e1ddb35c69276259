import { z } from 'zod'
import { certificationRunSchema, runSchema } from '../src/config/schema'

type JsonSchema = z.core.JSONSchema.BaseSchema

/** JSON schemas of settings, by the path of their file: an editor completes and checks a file that names one in `$schema`. */
export function jsonSchemas(): Readonly<Record<string, string>> {
  const run = z.toJSONSchema(runSchema, { io: 'input' })
  const certification = z.toJSONSchema(certificationRunSchema, { io: 'input' })
  return {
    'schema/run.json': file(run, 'Settings of a fine-tuning run'),
    'schema/overrides.json': file(partial(run), 'What differs from a preset of a fine-tuning run'),
    'schema/certification.json': file(certification, 'Settings of a certification'),
  }
}

function file({ properties, ...schema }: JsonSchema, title: string): string {
  const withSchema = { title, ...schema, properties: { $schema: { type: 'string' }, ...properties } }
  return `${JSON.stringify(withSchema, null, 2)}\n`
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
