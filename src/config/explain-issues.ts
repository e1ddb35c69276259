import { inspect } from 'node:util'
import type { z } from 'zod'
import { ConfigError } from '../errors'
import { didYouMean, nearestName } from '../files/nearest-name'
import { knownFields } from './known-fields'

/** Limits of a message: a damaged file may have thousands of fields, with names of any length. */
const MOST_LINES = 30
const MOST_CHARACTERS = 500

type Issue = z.core.$ZodIssue

interface Settings {
  readonly schema: z.ZodType
  readonly input: unknown
}

/** Returns one error for all invalid settings, with a line per field: expected and actual value. */
export function explainIssues(
  error: z.ZodError,
  { what, ...settings }: Settings & { readonly what: string },
): ConfigError {
  const issues = error.issues.flatMap(issue => meantIssues(issue, []))
  const lines = withoutConsequences(issues, settings).flatMap(issue => explain(issue, settings))
  const shown = lines.slice(0, MOST_LINES).map(line => `  ${truncated(line, MOST_CHARACTERS)}`)
  const more = lines.length > MOST_LINES ? `\n  and ${lines.length - MOST_LINES} more` : ''
  return new ConfigError(`${what} is not acceptable:\n${shown.join('\n')}${more}\n`, {
    remedy: lines.length === 1 ? 'Correct this field.' : `Correct these ${lines.length} fields.`,
  })
}

/** Returns the issue; for a union, the issues of the alternative whose outer shape fits, which is probably the intended one. */
function meantIssues(issue: Issue, above: readonly PropertyKey[]): Issue[] {
  const placed = { ...issue, path: [...above, ...issue.path] }
  if (issue.code !== 'invalid_union') return [placed]
  const meant =
    issue.errors.find(issues => issues.length > 0 && issues.every(({ path }) => path.length > 0)) ??
    [...issue.errors].sort((one, other) => one.length - other.length).flatMap(unknownFields)[0]
  return meant === undefined ? [placed] : meant.flatMap(inner => meantIssues(inner, placed.path))
}

/** Returns the unknown fields that an alternative reports, if it is a section with other fields than those given. */
function unknownFields(issues: Issue[]): Issue[][] {
  const unknown = issues.filter(({ code }) => code === 'unrecognized_keys')
  return unknown.length > 0 &&
    issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys')
    ? [unknown]
    : []
}

/**
 * Removes issues that follow from an unknown field: that the intended field is missing, and rules between fields of that
 * section, which compared a default instead.
 */
function withoutConsequences(issues: readonly Issue[], settings: Settings): readonly Issue[] {
  const meant = issues.flatMap(issue =>
    issue.code !== 'unrecognized_keys'
      ? []
      : issue.keys.map(key => ({ section: issue.path, field: meantField(issue.path, key, settings) })),
  )
  return issues.filter(
    issue =>
      !meant.some(
        ({ section, field }) =>
          isBelow(issue.path, section) &&
          (issue.code === 'custom' ||
            (field !== undefined && issue.code === 'invalid_type' && issue.path[section.length] === field)),
      ),
  )
}

function isBelow(path: readonly PropertyKey[], section: readonly PropertyKey[]): boolean {
  return section.every((key, position) => path[position] === key)
}

/** Returns the field that an unknown name was probably meant to be, unless the settings have that field too. */
function meantField(
  path: readonly PropertyKey[],
  key: string,
  { schema, input }: Settings,
): string | undefined {
  const section: Readonly<Record<string, unknown>> = Object(valueAt(input, path))
  return nearestName(
    key,
    knownFields(schema, path, input).filter(field => section[field] === undefined),
  )
}

/** Explains an unknown field that does not resemble a missing one. */
function insteadOf(path: readonly PropertyKey[], key: string, { schema, input }: Settings): string {
  const given = nearestName(key, knownFields(schema, path, input))
  return given === undefined
    ? 'expected no such field.'
    : `and ${given}, which it resembles, is given as well.`
}

function explain(issue: Issue, settings: Settings): string[] {
  const { path } = issue
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => {
      const field = meantField(path, key, settings)
      const instead = field === undefined ? insteadOf(path, key, settings) : `did you mean ${field}?`
      return `${fieldName([...path, key])}: unknown, ${instead}`
    })
  }
  if (issue.code === 'custom') return [`${fieldName(path)}: ${issue.message}.`]
  const value = valueAt(settings.input, path)
  const suggestion = typeof value === 'string' ? didYouMean(value, choicesOf(issue)) : ''
  return [`${fieldName(path)}: expected ${expectation(issue)}, got ${show(value)}.${suggestion}`]
}

/** Returns the words that a field accepts. */
function choicesOf(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.filter(value => typeof value === 'string')
  if (issue.code !== 'invalid_union') return []
  const options = 'options' in issue ? (issue.options ?? []) : []
  return [...options.filter(value => typeof value === 'string'), ...issue.errors.flat().flatMap(choicesOf)]
}

/** Kinds of value by zod's name, if JSON has another name. */
const KINDS: Readonly<Record<string, string>> = { int: 'integer', tuple: 'array' }

function withArticle(name: string): string {
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return withArticle(KINDS[issue.expected] ?? issue.expected)
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

/** Words a limit: length for text and lists, size for numbers. */
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
  return truncated(asText(value), 80)
}

function truncated(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text
}

/** Formats a value as JSON if possible: a script may pass circular values or a bigint. */
function asText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY })
  }
}
