import { z } from 'zod'
import { DataError } from '../errors'

/** Results of an attack on one image. */
export interface AttackRow {
  /** Position of the image in its data set. */
  readonly index: number
  readonly label: number
  /** The class of the image according to the certification log, which the attack tries to leave. */
  readonly class: number
  /** The smallest confirmed change; undefined if none was found. */
  readonly change?: Change
  /** The largest radius below the change at which the search found none. It proves nothing. */
  readonly failed: number
  /** Number of images that CERTIFY or PREDICT decided. */
  readonly asked: number
  /** Digest of the image's pixels, see `torch.digest`. */
  readonly digest: string
  readonly durationMs: number
}

/** An image for which CERTIFY, or PREDICT if that confirms changes, returns another class. */
export interface Change {
  /** ℓ2 distance from the image, for pixels in [0, 1]. */
  readonly radius: number
  /** The class returned there. */
  readonly class: number
  /** Votes for it among n. */
  readonly votes: number
  readonly n: number
}

const count = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a whole number')
  .transform(Number)
const number = z
  .string()
  .regex(/^\d+(\.\d+)?(e[+-]?\d{1,3})?$/, 'expected a number of at least 0')
  .transform(Number)

/** The columns in order, and their content. */
const OF_IMAGE = { idx: count, label: count, class: count }
const OF_CHANGE = { radius: number, new_class: count, votes: count, n: count }
const OF_SEARCH = {
  ...{ failed: number, asked: count },
  digest: z.string().regex(/^[0-9a-f]{16}$/, 'expected 16 hexadecimal digits'),
  seconds: number,
}
const COLUMNS = Object.keys({ ...OF_IMAGE, ...OF_CHANGE, ...OF_SEARCH })

/** In all columns of a change if there is none. */
const ABSENT = '-'

/** The first line of an attack log. */
export const ATTACK_LOG_HEADER = COLUMNS.join('\t')

const imageSchema = z.object({ ...OF_IMAGE, ...OF_SEARCH })
const changeSchema = z.object(OF_CHANGE)
const absentSchema = z.record(
  z.string(),
  z.literal(ABSENT, `expected ${ABSENT} in all columns of a change or in none`),
)

/** Formats one line, without its end. */
export function formatAttackRow({ change, ...row }: AttackRow): string {
  const ofChange =
    change === undefined
      ? Object.keys(OF_CHANGE).map(() => ABSENT)
      : [change.radius, change.class, change.votes, change.n]
  return [
    ...[row.index, row.label, row.class, ...ofChange, row.failed, row.asked, row.digest],
    (row.durationMs / 1000).toFixed(3),
  ].join('\t')
}

export interface ParsedAttacks {
  readonly rows: readonly AttackRow[]
  /** Bytes of the complete lines: the rest is truncated. */
  readonly wholeBytes: number
}

/**
 * Parses the lines of an attack log. A last line without an end is truncated, and left out.
 *
 * @throws DataError with file, line and column for an invalid row, and for an image with two rows
 */
export function parseAttacks(text: string, { file }: { readonly file: string }): ParsedAttacks {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const [header, ...lines] = whole.split('\n').slice(0, -1)
  if (header !== ATTACK_LOG_HEADER) {
    throw malformed(file, 1, `the header must be ${JSON.stringify(ATTACK_LOG_HEADER)}`)
  }
  const known = new Set<number>()
  const rows = lines.map((line, position) => {
    const row = parseRow(line, { file, number: position + 2 })
    if (known.has(row.index)) throw malformed(file, position + 2, `image ${row.index} has a row above`)
    known.add(row.index)
    return row
  })
  return { rows, wholeBytes: Buffer.byteLength(whole) }
}

function parseRow(
  line: string,
  { file, number: lineNumber }: { readonly file: string; readonly number: number },
): AttackRow {
  const fields = line.split('\t')
  if (fields.length !== COLUMNS.length) {
    throw malformed(file, lineNumber, `expected ${COLUMNS.length} fields, got ${fields.length}`)
  }
  const record = Object.fromEntries(COLUMNS.map((name, position) => [name, fields[position] ?? '']))
  const read = <T>(schema: z.ZodType<T>, from: Readonly<Record<string, string>> = record): T => {
    const { data, error } = schema.safeParse(from)
    if (error === undefined) return data
    const [issue] = error.issues
    const column = String(issue?.path[0])
    throw malformed(file, lineNumber, `${column} is ${JSON.stringify(record[column])}, ${issue?.message}`)
  }
  const { idx: index, label, class: left, failed, asked, digest, seconds } = read(imageSchema)
  const row = { index, label, class: left, failed, asked, digest, durationMs: 1000 * seconds }
  if (record.radius === ABSENT) {
    read(absentSchema, Object.fromEntries(Object.keys(OF_CHANGE).map(name => [name, record[name] ?? ''])))
    return row
  }
  const { radius, new_class: other, votes, n } = read(changeSchema)
  if (other === left)
    throw malformed(file, lineNumber, `new_class is ${other}, the class that was to be left`)
  return { ...row, change: { radius, class: other, votes, n } }
}

function malformed(file: string, line: number, reason: string): DataError {
  return new DataError(`${file}, line ${line}: ${reason}.`, {
    remedy: 'Mend the file, or attack again into a new log.',
  })
}
