import { InvalidArgumentError } from 'commander'
import { ConfigError } from '../../errors'
import { type FieldSetting, fieldPath, fieldValue } from '../train/options'

/** One `--set` of a sweep: the path of a field, and its successive values. */
export interface FieldValues {
  readonly path: string
  readonly values: readonly { readonly text: string; readonly value: unknown }[]
}

/** One run of a sweep. */
export interface SweepPoint {
  /** Name of its folder: the settings, `lambda-2-epsilon-0.5`. */
  readonly name: string
  /** The fields with several values, and the value of each here, as typed. */
  readonly settings: Readonly<Record<string, string>>
  /** Every `--set`, including those with one value. */
  readonly set: readonly FieldSetting[]
}

/**
 * Parses `path=value,value,…` and appends it to the earlier ones. Commas in brackets, braces and quotation marks are part
 * of a value.
 */
export function collectValues(text: string, earlier: readonly FieldValues[] = []): readonly FieldValues[] {
  const path = fieldPath(text)
  const texts = splitValues(text.slice(text.indexOf('=') + 1))
  if (texts.includes(''))
    throw new InvalidArgumentError('Expected values with commas between, such as 1,2,4.')
  const repeated = texts.find((value, place) => texts.indexOf(value) !== place)
  if (repeated !== undefined)
    throw new InvalidArgumentError(`Expected each value once, got ${repeated} twice.`)
  return [...earlier, { path, values: texts.map(value => ({ text: value, value: fieldValue(value) })) }]
}

/**
 * Returns every combination of the values; the last field varies fastest.
 *
 * @throws ConfigError if no field has several values, a field is set twice, or the names of values collide
 */
export function gridOf(fields: readonly FieldValues[]): SweepPoint[] {
  const paths = fields.map(({ path }) => path)
  const twice = paths.find((path, place) => paths.indexOf(path) !== place)
  if (twice !== undefined) {
    throw new ConfigError(`${twice} is set twice.`, {
      remedy: `Give all its values at once: --set ${twice}=1,2,4.`,
    })
  }
  const swept = fields.filter(({ values }) => values.length > 1)
  if (swept.length === 0) {
    throw new ConfigError('A sweep takes a field with several values, and none has.', {
      remedy: 'Give them with commas between, such as --set method.lambda=1,2,4, or use ft-cadis train.',
    })
  }
  if (paths.includes('output')) {
    throw new ConfigError('Each run of a sweep has its own output, and --set output gives them one.', {
      remedy: 'Give --output: the folder that the runs are made in.',
    })
  }
  const names = shortNames(swept.map(({ path }) => path))
  const points = combinations(fields).map((chosen): SweepPoint => {
    const several = chosen.filter(({ path }) => names.has(path))
    return {
      name: several.map(({ path, text }) => `${names.get(path)}-${fileWord(text)}`).join('-'),
      settings: Object.fromEntries(several.map(({ path, text }) => [path, text])),
      set: chosen.map(({ path, value }) => ({ path, value })),
    }
  })
  const same = points.find(({ name }, place) => points.findIndex(other => other.name === name) !== place)
  if (same !== undefined) {
    throw new ConfigError(`Two runs of the sweep would both be called ${same.name}.`, {
      remedy: 'Sweep values that differ in letters or digits, or give the settings in files: train --config.',
    })
  }
  return points
}

interface Choice {
  readonly path: string
  readonly text: string
  readonly value: unknown
}

function combinations(fields: readonly FieldValues[]): Choice[][] {
  return fields.reduce<Choice[][]>(
    (chosen, { path, values }) =>
      chosen.flatMap(before => values.map(value => [...before, { path, ...value }])),
    [[]],
  )
}

/** Returns the last word of each path, or the whole path if two end alike. */
function shortNames(paths: readonly string[]): Map<string, string> {
  const last = (path: string) => path.split('.').at(-1) ?? path
  const isAlone = (path: string) => paths.filter(other => last(other) === last(path)).length === 1
  return new Map(paths.map(path => [path, isAlone(path) ? last(path) : path]))
}

/** Returns a value as part of a folder name. */
function fileWord(text: string): string {
  return text.replace(/[^\p{L}\p{N}.+-]+/gu, '_').replace(/^_|_$/g, '')
}

function splitValues(text: string): string[] {
  const parts: string[] = ['']
  let depth = 0
  let isQuoted = false
  for (const [place, letter] of [...text].entries()) {
    if (letter === '"' && text[place - 1] !== '\\') isQuoted = !isQuoted
    if (!isQuoted && '[{'.includes(letter)) depth++
    if (!isQuoted && ']}'.includes(letter)) depth--
    if (letter === ',' && depth === 0 && !isQuoted) parts.push('')
    else parts[parts.length - 1] += letter
  }
  return parts.map(part => part.trim())
}
