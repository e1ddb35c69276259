import { isObject } from '../files/read-json'

/** Fields that select one of several forms of a section. */
const DISCRIMINATORS = ['kind', 'source'] as const

/**
 * Merges settings over others: objects field by field, everything else as a whole. An object of another `kind` or
 * `source` replaces the one below, whose fields would not fit it.
 */
export function mergeSettings(below: unknown, above: unknown): unknown {
  if (above === undefined) return below
  if (!isObject(below) || !isObject(above) || differsInForm(below, above)) return above
  const merged: Record<string, unknown> = { ...below }
  for (const [name, value] of Object.entries(above)) {
    merged[name] = mergeSettings(Object.hasOwn(below, name) ? below[name] : undefined, value)
  }
  return merged
}

function differsInForm(
  below: Readonly<Record<string, unknown>>,
  above: Readonly<Record<string, unknown>>,
): boolean {
  return DISCRIMINATORS.some(name => above[name] !== undefined && above[name] !== below[name])
}

/** Returns settings with one field, given by its path: `fieldAt('a.b', 1)` is `{ a: { b: 1 } }`. */
export function fieldAt(path: string, value: unknown): Readonly<Record<string, unknown>> {
  const [name = '', ...inner] = path.split('.')
  return { [name]: inner.length === 0 ? value : fieldAt(inner.join('.'), value) }
}
