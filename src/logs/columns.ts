import { z } from 'zod'
import type { LoggedRow } from './certification-log'
import type { Evidence, Finding } from './outcome'

/** A column of a log: its name, and how to write and read a field. */
export interface Column<Value> {
  readonly name: string
  readonly write: (row: LoggedRow) => string | number
  /** Returns undefined for a field that does not match `expected`. */
  readonly read: (field: string) => Value | undefined
  readonly expected: string
}

/** The ℓ2 distance between two images of up to 25 million values in [0, 1] is at most this. */
const LARGEST_RADIUS = 5000

/** The columns of Cohen et al. (2019, code/certify.py), which logs of other programs also have. */
export const COHEN_COLUMNS = {
  index: integer('idx', row => row.index),
  label: integer('label', row => row.label),
  prediction: {
    name: 'predict',
    write: row => row.prediction,
    read: numberIf(/^(-1|\d{1,15})$/),
    expected: 'a class or -1',
  } satisfies Column<number>,
  radius: {
    name: 'radius',
    // The shortest decimal that reads back as the same number: never rounded up above the certified radius.
    write: row => row.radius,
    read: field => {
      const radius = numberIf(/^(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?$/i)(field)
      return radius !== undefined && radius <= LARGEST_RADIUS ? radius : undefined
    },
    expected: `a number from 0 to ${LARGEST_RADIUS}`,
  } satisfies Column<number>,
  correct: {
    name: 'correct',
    write: row => (row.correct ? 1 : 0),
    read: field => (/^[01]$/.test(field) ? field === '1' : undefined),
    expected: '0 or 1',
  } satisfies Column<boolean>,
  durationMs: {
    name: 'time',
    write: row => formatDuration(row.durationMs),
    read: parseDuration,
    expected: 'seconds or h:mm:ss',
  } satisfies Column<number>,
}

/** The votes. */
export const COUNT_COLUMNS = {
  candidate: integer('candidate', row => row.evidence.candidate),
  candidateCount: integer('candidate_count', row => row.evidence.candidateCount),
  runnerUp: integer('runner_up', row => row.evidence.runnerUp),
  runnerUpCount: integer('runner_up_count', row => row.evidence.runnerUpCount),
  n0: integer('n0', row => row.evidence.n0),
  n: integer('n', row => row.evidence.n),
}

/** The additional columns of format 2: outcome, digest of the image, and the evidence needed to check it. */
export const OUTCOME_COLUMNS = {
  kind: {
    name: 'outcome',
    write: row => row.finding.kind,
    read: field => KINDS.find(kind => kind === field),
    expected: 'certified, certified-at, predicted, abstains or undecided',
  } satisfies Column<Finding['kind']>,
  digest: {
    name: 'digest',
    write: row => row.digest,
    read: field => (/^[0-9a-f]{16}$/.test(field) ? field : undefined),
    expected: '16 hexadecimal digits',
  } satisfies Column<string>,
  details: {
    name: 'evidence',
    write: row => JSON.stringify(detailsOf(row)),
    read: parseDetails,
    expected: 'a JSON object with what the outcome follows from',
  } satisfies Column<Details>,
}

/** Additional column of adaptive logs of format 1. */
export const PILOT_COLUMN = integer('pilot', row => row.evidence.pilot ?? 0)

/** The columns of format 2, in order. */
export const LOG_COLUMNS: readonly Column<unknown>[] = [
  COHEN_COLUMNS,
  COUNT_COLUMNS,
  OUTCOME_COLUMNS,
].flatMap(columns => Object.values<Column<unknown>>(columns))

const KINDS: readonly Finding['kind'][] = ['certified', 'certified-at', 'predicted', 'abstains', 'undecided']

/**
 * The content of the column `evidence`: the evidence except votes with their own columns, and the finding except class
 * and radius.
 */
export type Details = Omit<Evidence, keyof typeof COUNT_COLUMNS> & {
  readonly radii?: readonly number[]
  readonly refused?: readonly number[]
  readonly why?: string
}

const votes = z.int().nonnegative()
/** The looks of a schedule grow by a tenth each, so this number of them exceeds any realistic number of votes. */
const draws = z.array(z.tuple([votes, votes])).max(1000)
const radii = z.array(z.number().nonnegative().max(LARGEST_RADIUS)).max(10_000)
const probability = z.number().min(0).max(1)
const byClass = z.record(z.string().regex(/^\d+$/), votes)
const partSchema = z.strictObject({
  of: z.string(),
  ...{ candidate: votes, candidateCount: votes, runnerUp: votes, runnerUpCount: votes, n0: votes, n: votes },
  lowerBound: z.exactOptional(probability),
  selection: z.exactOptional(byClass),
  counts: z.exactOptional(byClass),
})
/** In the order of writing. */
const detailsSchema = z.strictObject({
  lowerBound: z.exactOptional(probability),
  uniform: z.exactOptional(probability),
  selection: z.exactOptional(byClass),
  pValue: z.exactOptional(probability),
  look: z.exactOptional(votes),
  looks: z.exactOptional(draws),
  pilot: z.exactOptional(votes),
  pilots: z.exactOptional(draws),
  planned: z.exactOptional(votes),
  upperBound: z.exactOptional(probability),
  counts: z.exactOptional(byClass),
  scores: z.exactOptional(z.record(z.string().regex(/^\d+$/), z.tuple([votes, votes]))),
  unsmoothed: z.exactOptional(votes),
  parts: z.exactOptional(z.array(partSchema)),
  radii: z.exactOptional(radii),
  refused: z.exactOptional(radii),
  why: z.exactOptional(z.string()),
}) satisfies z.ZodType<Details>

function detailsOf({ evidence, finding }: LoggedRow): Details {
  const all = { ...evidence, ...finding }
  const fields = Object.keys(detailsSchema.shape) as (keyof Details)[]
  return Object.fromEntries(
    fields.flatMap(field => (field in all ? [[field, all[field as keyof typeof all]]] : [])),
  )
}

function parseDetails(field: string): Details | undefined {
  try {
    return detailsSchema.safeParse(JSON.parse(field)).data
  } catch {
    return undefined
  }
}

function integer(name: string, write: (row: LoggedRow) => number): Column<number> {
  return { name, write, read: numberIf(/^\d{1,15}$/), expected: 'an integer of at least 0' }
}

function numberIf(pattern: RegExp): (field: string) => number | undefined {
  return field => (pattern.test(field) ? Number(field) : undefined)
}

/** Seconds, or the format of Python's timedelta: `0:00:14.172309`, `1 day, 2:03:04`. */
const DURATION = /^(?:\d+(?:\.\d+)?|(?:(\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?))$/

function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text)
  if (match === null) return undefined
  const [, days = '0', hours, minutes, seconds] = match
  if (hours === undefined) return Number(text) * 1000
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

function formatDuration(durationMs: number): string {
  const microseconds = Math.round(durationMs * 1000)
  const seconds = Math.floor(microseconds / 1e6)
  const pad = (value: number, digits = 2) => String(value).padStart(digits, '0')
  return `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}.${pad(microseconds % 1e6, 6)}`
}
