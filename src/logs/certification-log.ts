import { DataError } from '../errors'
import { ABSTAIN } from './abstain'

/** The votes that a certificate follows from. */
export interface VoteCounts {
  /** The class that the selection names: the prediction, unless the certificate abstains. */
  readonly candidate: number
  /** Votes for `candidate` in the estimation. */
  readonly candidateCount: number
  /** The class other than `candidate` with the most votes in the estimation. */
  readonly runnerUp: number
  readonly runnerUpCount: number
  /** Votes of the selection. */
  readonly n0: number
  /** Votes of the estimation. */
  readonly n: number
  /** Votes that planned the estimation and are in no count; adaptive certifications alone have them. */
  readonly pilot?: number
}

/** What is known about one image when its certificate is logged. */
export interface CertificationEntry {
  /** Position of the image in its data set. */
  readonly index: number
  readonly label: number
  /** The certified class, or ABSTAIN. */
  readonly prediction: number
  /** Certified l2 radius on the [0, 1] pixel scale; 0 when abstaining. */
  readonly radius: number
  readonly durationMs: number
  readonly counts: VoteCounts
}

/** One row of a log. Logs of other programs hold no counts. */
export interface CertificationRow extends Omit<CertificationEntry, 'counts'> {
  /** The prediction is the label. */
  readonly correct: boolean
  readonly counts?: VoteCounts
}

export interface ParsedLog {
  readonly rows: readonly CertificationRow[]
  /** The last line when no newline ends it: what an interrupted run left of a row. It is in no row. */
  readonly partial?: { readonly line: number; readonly text: string }
}

const COHEN_COLUMNS = ['idx', 'label', 'predict', 'radius', 'correct', 'time'] as const
const COUNT_COLUMNS = ['candidate', 'candidate_count', 'runner_up', 'runner_up_count', 'n0', 'n'] as const

/** The header row of this package's logs: the columns of Cohen et al. (2019, code/certify.py), then the votes. */
export const LOG_HEADER = [...COHEN_COLUMNS, ...COUNT_COLUMNS].join('\t')

/** The header row of adaptive certifications, in which each image has a number of votes of its own. */
export const ADAPTIVE_LOG_HEADER = `${LOG_HEADER}\tpilot`

/**
 * One row under `LOG_HEADER`, with a number of pilot votes under `ADAPTIVE_LOG_HEADER`, without a newline. The radius is the shortest decimal that reads back as the same number:
 * it is never rounded, and so never claims more than was certified.
 */
export function formatRow({
  index,
  label,
  prediction,
  radius,
  durationMs,
  counts,
}: CertificationEntry): string {
  return [
    index,
    label,
    prediction,
    radius,
    prediction === label ? 1 : 0,
    formatDuration(durationMs),
    counts.candidate,
    counts.candidateCount,
    counts.runnerUp,
    counts.runnerUpCount,
    counts.n0,
    counts.n,
    ...(counts.pilot === undefined ? [] : [counts.pilot]),
  ].join('\t')
}

/**
 * Reads a log of this package, of Cohen et al. or of the authors of FT-CADIS: tab-separated, a header row first. Columns are
 * found by name and unknown ones are left out; every row is returned or refused.
 *
 * @throws DataError naming file, line and reason, for a missing column, a malformed or contradictory row, an image logged twice
 */
export function parseLog(
  text: string,
  {
    file,
  }: {
    /** How errors name the log. */
    readonly file: string
  },
): ParsedLog {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  const rest = lines.pop() as string
  const parseRow = rowParser(lines[0]?.replace(/\r$/, ''), file)
  const rows: CertificationRow[] = []
  const lineOfIndex = new Map<number, number>()
  lines.forEach((line, position) => {
    if (position === 0 || line.trim() === '') return
    const row = parseRow(line.replace(/\r$/, ''), position + 1)
    const earlier = lineOfIndex.get(row.index)
    if (earlier !== undefined) {
      throw malformed(file, position + 1, `image ${row.index} is already on line ${earlier}.`)
    }
    lineOfIndex.set(row.index, position + 1)
    rows.push(row)
  })
  return rest === '' ? { rows } : { rows, partial: { line: lines.length + 1, text: rest } }
}

/** A parser of one line under a header row. Only `header` undefined means that the file has no whole line. */
export function rowParser(
  header: string | undefined,
  file: string,
): (line: string, lineNumber: number) => CertificationRow {
  if (header === undefined) throw malformed(file, 1, 'no header row.')
  const columns = header.split('\t')
  const missing = (names: readonly string[]) => names.filter(name => !columns.includes(name))
  const hasCounts = missing(COUNT_COLUMNS).length < COUNT_COLUMNS.length
  const absent = missing(hasCounts ? [...COHEN_COLUMNS, ...COUNT_COLUMNS] : COHEN_COLUMNS)
  if (absent.length > 0) {
    throw malformed(
      file,
      1,
      `the header row lacks ${absent.join(', ')}, got ${JSON.stringify(header.slice(0, 200))}.`,
    )
  }
  const positions = new Map(columns.map((column, position) => [column, position]))
  return (line, lineNumber) => {
    const fields = line.split('\t')
    if (fields.length !== columns.length) {
      throw malformed(file, lineNumber, `expected ${columns.length} fields, got ${fields.length}.`)
    }
    const read = (column: string, pattern: RegExp, expected: string) => {
      const field = fields[positions.get(column) as number] as string
      if (pattern.test(field)) return field
      throw malformed(
        file,
        lineNumber,
        `${column} must be ${expected}, got ${JSON.stringify(field.slice(0, 80))}.`,
      )
    }
    const integer = (column: string) => Number(read(column, /^\d{1,15}$/, 'an integer of at least 0'))
    const row: CertificationRow = {
      index: integer('idx'),
      label: integer('label'),
      prediction: Number(read('predict', /^(-1|\d{1,15})$/, 'a class or -1')),
      radius: Number(read('radius', /^(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?$/i, 'a number of at least 0')),
      correct: read('correct', /^[01]$/, '0 or 1') === '1',
      durationMs: parseDuration(read('time', DURATION, 'seconds or h:mm:ss')),
      ...(hasCounts && {
        counts: {
          candidate: integer('candidate'),
          candidateCount: integer('candidate_count'),
          runnerUp: integer('runner_up'),
          runnerUpCount: integer('runner_up_count'),
          n0: integer('n0'),
          n: integer('n'),
          ...(hasCounts && columns.includes('pilot') && { pilot: integer('pilot') }),
        },
      }),
    }
    const contradiction = contradictionIn(row)
    if (contradiction !== undefined) throw malformed(file, lineNumber, contradiction)
    return row
  }
}

function contradictionIn({
  label,
  prediction,
  radius,
  correct,
  counts,
}: CertificationRow): string | undefined {
  if (correct !== (prediction === label)) {
    return `correct is ${correct ? 1 : 0}, but the prediction is ${prediction} and the label ${label}.`
  }
  if (prediction === ABSTAIN && radius !== 0) return `the radius is ${radius}, but the row abstains.`
  if (counts === undefined) return undefined
  if (prediction !== ABSTAIN && prediction !== counts.candidate) {
    return `the prediction is ${prediction}, but the candidate ${counts.candidate}.`
  }
  if (counts.candidateCount + counts.runnerUpCount > counts.n) {
    return `${counts.candidateCount} and ${counts.runnerUpCount} votes are more than n = ${counts.n}.`
  }
  return undefined
}

/** Seconds, or what Python's timedelta prints: `0:00:14.172309`, `1 day, 2:03:04`. */
const DURATION = /^(?:\d+(?:\.\d+)?|(?:(\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?))$/

function parseDuration(text: string): number {
  const [, days = '0', hours, minutes, seconds] = DURATION.exec(text) as RegExpExecArray
  if (hours === undefined) return Number(text) * 1000
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

function formatDuration(durationMs: number): string {
  const microseconds = Math.round(durationMs * 1000)
  const seconds = Math.floor(microseconds / 1e6)
  const pad = (value: number, digits = 2) => String(value).padStart(digits, '0')
  return `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}.${pad(microseconds % 1e6, 6)}`
}

function malformed(file: string, line: number, reason: string): DataError {
  return new DataError(`${file}, line ${line}: ${reason}`, {
    remedy: 'Mend the file, or certify again with a new log.',
  })
}

/** One image that has its rows. */
export interface CertifiedImage {
  readonly index: number
  /** Of each arm. */
  readonly rows: readonly CertificationRow[]
  /** Whether it was certified just now, for any of the arms. */
  readonly isNew: boolean
}
