import { isObject } from '../files/read-json'

/** One field in which two configurations differ; undefined where a configuration does not have it. */
export interface FieldDifference {
  /** Dotted name. */
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

/** Every field in which two plain values differ, as JSON holds them; lists are compared whole. */
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

/** A field that is undefined and one that is absent are the same. */
function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

/** A value of a configuration as a message shows it. */
export function showValue(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value)
}
