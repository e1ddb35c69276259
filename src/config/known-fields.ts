import { z } from 'zod'
import { isObject } from '../files/read-json'

type JsonSchema = Readonly<Record<string, unknown>>

/**
 * Returns the fields that settings may have at a path. If a field selects between kinds, these are the fields of the
 * named kind, or of all kinds if none is named.
 */
export function knownFields(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  let schemas = alternatives(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), input)
  let value = input
  for (const key of path) {
    value = isObject(value) || Array.isArray(value) ? (value as Record<PropertyKey, unknown>)[key] : undefined
    schemas = schemas.flatMap(at => alternatives(below(at, key), value))
  }
  return [...new Set(schemas.flatMap(at => Object.keys(Object(at.properties))))]
}

function below(schema: JsonSchema, key: PropertyKey): unknown {
  return Object(schema.properties)[key] ?? schema.items ?? schema.additionalProperties
}

/** Returns the schemas of a union; only those that fit the named kind, if there are any. */
function alternatives(schema: unknown, input: unknown): JsonSchema[] {
  if (!isObject(schema)) return []
  const offered = [schema.anyOf, schema.oneOf, schema.allOf].filter(Array.isArray).flat()
  if (offered.length === 0) return [schema]
  const all = offered.flatMap(option => alternatives(option, input))
  const fitting = all.filter(option => isOfKind(option, input))
  return fitting.length > 0 ? fitting : all
}

/** Returns whether each discriminator has its value, or is optional and absent. */
function isOfKind({ properties, required }: JsonSchema, input: unknown): boolean {
  const isRequired = (key: string) => Array.isArray(required) && required.includes(key)
  return Object.entries(Object(properties)).every(([key, field]) => {
    if (!isObject(field) || typeof field.const !== 'string') return true
    const given = Object(input)[key]
    return given === field.const || (given === undefined && !isRequired(key))
  })
}
