import { inspect } from 'node:util'
import type { z } from 'zod'
import { ConfigError } from '../errors'

/** How much of what is wrong is said: a damaged file may have thousands of fields, and each a name of any length. */
const MOST_LINES = 30
const MOST_CHARACTERS = 500

type Issue = z.core.$ZodIssue

/** One error for all that is wrong with some settings: a line each, with the field, what it takes and what it got. */
export function explainIssues(
  error: z.ZodError,
  { input, what }: { input: unknown; what: string },
): ConfigError {
  const lines = error.issues.flatMap(issue => explain(issue, input))
  const shown = lines.slice(0, MOST_LINES).map(line => `  ${shortened(line, MOST_CHARACTERS)}`)
  const more = lines.length > MOST_LINES ? `\n  and ${lines.length - MOST_LINES} more` : ''
  return new ConfigError(`${what} is not acceptable:\n${shown.join('\n')}${more}\n`, {
    remedy: lines.length === 1 ? 'Correct this field.' : `Correct these ${lines.length} fields.`,
    cause: error,
  })
}

function explain(issue: Issue, input: unknown): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => `${fieldName([...issue.path, key])}: unknown, expected no such field.`)
  }
  if (issue.code === 'custom') return [`${fieldName(issue.path)}: ${issue.message}.`]
  if (issue.code === 'invalid_union') {
    // The alternative whose outer shape fits is the one that was meant.
    const meant = issue.errors.find(
      issues => issues.length > 0 && issues.every(({ path }) => path.length > 0),
    )
    if (meant) {
      return meant.flatMap(inner => explain({ ...inner, path: [...issue.path, ...inner.path] }, input))
    }
  }
  return [
    `${fieldName(issue.path)}: expected ${expectation(issue)}, got ${show(valueAt(input, issue.path))}.`,
  ]
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected === 'int' ? 'integer' : issue.expected}`
    case 'invalid_value':
      return issue.values.map(show).join(' or ')
    case 'too_small':
      return bound(issue, `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`)
    case 'too_big':
      return bound(issue, `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`)
    case 'invalid_format':
      return `text of the form ${issue.pattern ?? issue.format}`
    case 'invalid_union':
      return issue.errors.length > 0
        ? [...new Set(issue.errors.flatMap(issues => issues.map(expectation)))].join(' or ')
        : ('options' in issue &&
            issue.options
              ?.filter(option => option !== undefined)
              .map(show)
              .join(' or ')) ||
            issue.message
    default:
      return issue.message
  }
}

/** Lengths of text and lists read differently from sizes of numbers. */
function bound({ origin }: { origin: string }, limit: string): string {
  if (origin === 'string') return `text of ${limit} characters`
  return origin === 'array' ? `a list of ${limit} values` : limit
}

function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the settings'
  return path.map(String).join('.')
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  )
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'number') return String(value)
  return shortened(asText(value), 80)
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text
}

/** As JSON where it is some: a script may pass values that refer to themselves, or a bigint. */
function asText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY })
  }
}
