import { isObject } from '../files/read-json'

/** A field in which two configurations differ; undefined if a configuration lacks it. */
export interface FieldDifference {
  /** Dotted name. */
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

/** Returns every field in which two JSON values differ. Lists are compared as a whole. */
export function fieldDifferences(before: unknown, after: unknown): FieldDifference[] {
  return compare(asJson(before), asJson(after), '')
}

function compare(before: unknown, after: unknown, field: string): FieldDifference[] {
  if (!isObject(before) || !isObject(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ field, before, after }]
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap(key =>
    compare(before[key], after[key], field === '' ? key : `${field}.${key}`),
  )
}

/** Treats undefined and absent fields alike. */
function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

/** Formats a value of a configuration for a message. */
export function showValue(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value)
}
