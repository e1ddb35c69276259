import { DataError } from '../errors'
import { ABSTAIN } from './abstain'
import type { CertificationConfiguration } from './certification-log-metadata'
import { rowCheck } from './check-rows'
import {
  COHEN_COLUMNS,
  COUNT_COLUMNS,
  type Column,
  type Details,
  LOG_COLUMNS,
  OUTCOME_COLUMNS,
  PILOT_COLUMN,
} from './columns'
import { type Evidence, type Finding, type Outcome, predictionOf, radiusOf } from './outcome'

/** The log entry of one image. */
export interface CertificationRow {
  /** Position of the image in its data set. */
  readonly index: number
  readonly label: number
  /** The result. Without a column `outcome`, a certified class or an abstention. */
  readonly finding: Finding
  /** The predicted class, or ABSTAIN. */
  readonly prediction: number
  /** Largest certified radius, for pixels in [0, 1]; 0 for none. */
  readonly radius: number
  /** Whether the prediction equals the label. */
  readonly correct: boolean
  readonly durationMs: number
  /** Digest of the pixels, see `torch.digest`. Absent in logs of format 1 and of other programs. */
  readonly digest?: string
  /** The evidence for the finding. Absent in logs of other programs; only the votes in format 1. */
  readonly evidence?: Evidence
}

/** A row to write. */
export type LoggedRow = Required<CertificationRow>

/** Returns the row of an image from its outcome. */
export function rowOf(
  image: Pick<LoggedRow, 'index' | 'label' | 'digest' | 'durationMs'>,
  { evidence, ...finding }: Outcome,
): LoggedRow {
  const prediction = predictionOf(finding)
  const correct = prediction === image.label
  return { ...image, finding, prediction, radius: radiusOf(finding), correct, evidence }
}

/** Returns the certified radius of the image's label; undefined if another class or none is certified. */
export function labelRadius({ correct, finding, radius }: CertificationRow): number | undefined {
  const isCertified =
    finding.kind === 'certified' || (finding.kind === 'certified-at' && finding.radii.length > 0)
  return correct && isCertified ? radius : undefined
}

/** One image with its rows. */
export interface CertifiedImage {
  readonly index: number
  /** Per arm. */
  readonly rows: readonly CertificationRow[]
  /** Whether it was certified just now, for any of the arms. */
  readonly isNew: boolean
}

export interface ParsedLog {
  readonly rows: readonly CertificationRow[]
  /** The last line if it has no newline: a truncated row of an interrupted run. It is not among the rows. */
  readonly partial?: { readonly line: number; readonly text: string }
}

/** Longest row in characters; those of this package have some thousands. */
const MOST_ROW_CHARACTERS = 1_000_000

/** The header row of this package's logs: the columns of Cohen et al. (2019), the votes, and the outcome. */
export const LOG_HEADER = LOG_COLUMNS.map(({ name }) => name).join('\t')

/** Formats one row under `LOG_HEADER`, without a newline. */
export function formatRow(row: LoggedRow): string {
  return LOG_COLUMNS.map(({ write }) => write(row)).join('\t')
}

/**
 * Parses a log of this package, of Cohen et al. or of the authors of FT-CADIS: tab-separated, with a header row. Columns
 * are found by name, and unknown ones are ignored; every row is returned or refused.
 *
 * @param options - `file`: the name of the log in errors; `configuration`: its configuration, if known: rows are checked against their
 *   votes, see `rowCheck`
 * @throws DataError naming file, line and reason, for a missing column, a malformed or contradictory row, or an image
 * logged twice; with column and both values for a row that does not follow from its votes
 */
export function parseLog(
  text: string,
  {
    file,
    configuration,
  }: { readonly file: string; readonly configuration?: CertificationConfiguration | undefined },
): ParsedLog {
  const rows: CertificationRow[] = []
  const check = configuration && rowCheck(configuration)
  const lineOfIndex = new Map<number, number>()
  let parseRow: ReturnType<typeof rowParser> | undefined
  let number = 0
  let start = text.startsWith('\uFEFF') ? 1 : 0
  for (let end = text.indexOf('\n', start); end !== -1; end = text.indexOf('\n', start)) {
    number += 1
    if (end - start > MOST_ROW_CHARACTERS) throw malformed(file, number, tooLong(end - start))
    const line = text.slice(start, text[end - 1] === '\r' ? end - 1 : end)
    start = end + 1
    if (parseRow === undefined) {
      parseRow = rowParser(line, file)
      continue
    }
    if (line.trim() === '') continue
    const row = parseRow(line, number)
    const earlier = lineOfIndex.get(row.index)
    if (earlier !== undefined) {
      throw malformed(file, number, `image ${row.index} is already on line ${earlier}.`)
    }
    const problem = check?.(row)
    if (problem !== undefined) {
      const { column, logged, expected } = problem
      throw malformed(
        file,
        number,
        `${column} is ${logged}, but from the votes of the row follows ${expected}.`,
      )
    }
    lineOfIndex.set(row.index, number)
    rows.push(row)
  }
  if (text.length - start > MOST_ROW_CHARACTERS) {
    throw malformed(file, number + 1, tooLong(text.length - start))
  }
  if (parseRow === undefined) rowParser(undefined, file)
  const rest = text.slice(start)
  return rest === '' ? { rows } : { rows, partial: { line: number + 1, text: rest } }
}

function tooLong(characters: number): string {
  return `${characters} characters, and a row has at most ${MOST_ROW_CHARACTERS}.`
}

/** Returns a parser of one line under a header row. `header` is undefined only if the file has no complete line. */
export function rowParser(
  header: string | undefined,
  file: string,
): (line: string, lineNumber: number) => CertificationRow {
  if (header === undefined) throw malformed(file, 1, 'no header row.')
  const columns = header.split('\t')
  const hasAny = (group: object) => namesOf(group).some(name => columns.includes(name))
  const hasOutcome = hasAny(OUTCOME_COLUMNS)
  const hasCounts = hasOutcome || hasAny(COUNT_COLUMNS)
  const groups = [
    COHEN_COLUMNS,
    ...(hasCounts ? [COUNT_COLUMNS] : []),
    ...(hasOutcome ? [OUTCOME_COLUMNS] : []),
  ]
  const absent = groups.flatMap(namesOf).filter(name => !columns.includes(name))
  if (absent.length > 0) {
    const got = JSON.stringify(header.slice(0, 200))
    throw malformed(file, 1, `the header row lacks ${absent.join(', ')}, got ${got}.`)
  }
  const positions = new Map(columns.map((column, position) => [column, position]))
  return (line, lineNumber) => {
    const fields = line.split('\t')
    if (fields.length !== columns.length) {
      throw malformed(file, lineNumber, `expected ${columns.length} fields, got ${fields.length}.`)
    }
    const read = <Value>({ name, read: parse, expected }: Column<Value>): Value => {
      const field = fields[positions.get(name) as number] as string
      const value = parse(field)
      if (value !== undefined) return value
      const got = JSON.stringify(field.slice(0, 80))
      throw malformed(file, lineNumber, `${name} must be ${expected}, got ${got}.`)
    }
    const row = {
      index: read(COHEN_COLUMNS.index),
      label: read(COHEN_COLUMNS.label),
      prediction: read(COHEN_COLUMNS.prediction),
      radius: read(COHEN_COLUMNS.radius),
      correct: read(COHEN_COLUMNS.correct),
      durationMs: read(COHEN_COLUMNS.durationMs),
    }
    const counts = hasCounts && {
      candidate: read(COUNT_COLUMNS.candidate),
      candidateCount: read(COUNT_COLUMNS.candidateCount),
      runnerUp: read(COUNT_COLUMNS.runnerUp),
      runnerUpCount: read(COUNT_COLUMNS.runnerUpCount),
      n0: read(COUNT_COLUMNS.n0),
      n: read(COUNT_COLUMNS.n),
      ...(!hasOutcome && columns.includes(PILOT_COLUMN.name) && { pilot: read(PILOT_COLUMN) }),
    }
    const found = hasOutcome
      ? read(OUTCOME_COLUMNS.kind)
      : row.prediction === ABSTAIN
        ? 'abstains'
        : 'certified'
    const { radii, refused, why, ...details } = hasOutcome ? read(OUTCOME_COLUMNS.details) : {}
    const finding = findingOf(found, { ...row, radii, refused, why })
    if (finding === undefined) {
      throw malformed(file, lineNumber, `the evidence lacks what the outcome ${found} says beside the class.`)
    }
    const whole: CertificationRow = {
      ...{ ...row, finding },
      ...(hasOutcome && { digest: read(OUTCOME_COLUMNS.digest) }),
      ...(counts && { evidence: { ...counts, ...details } }),
    }
    const contradiction = contradictionIn(whole)
    if (contradiction !== undefined) throw malformed(file, lineNumber, contradiction)
    return whole
  }
}

function namesOf(group: object): string[] {
  return Object.values<Column<unknown>>(group as Record<string, Column<unknown>>).map(({ name }) => name)
}

/** Returns undefined if part of it is missing. */
function findingOf(
  kind: Finding['kind'],
  {
    prediction,
    radius,
    radii,
    refused,
    why,
  }: Pick<CertificationRow, 'prediction' | 'radius'> & {
    [K in 'radii' | 'refused' | 'why']: Details[K] | undefined
  },
): Finding | undefined {
  switch (kind) {
    case 'certified':
      return { kind, class: prediction, radius }
    case 'certified-at':
      return radii && refused && { kind, class: prediction, radii, refused }
    case 'predicted':
      return { kind, class: prediction }
    case 'abstains':
      return { kind }
    case 'undecided':
      return why === undefined ? undefined : { kind, why }
  }
}

function contradictionIn({
  label,
  finding,
  prediction,
  radius,
  correct,
  evidence,
}: CertificationRow): string | undefined {
  if (correct !== (prediction === label)) {
    return `correct is ${correct ? 1 : 0}, but the prediction is ${prediction} and the label ${label}.`
  }
  if (prediction === ABSTAIN && radius !== 0) return `the radius is ${radius}, but the row abstains.`
  if ('class' in finding !== (prediction !== ABSTAIN)) {
    return `the prediction is ${prediction}, but the outcome ${finding.kind}.`
  }
  if (radius !== radiusOf(finding))
    return `the radius is ${radius}, but the outcome has ${radiusOf(finding)}.`
  return evidence && contradictionInVotes(evidence, prediction)
}

function contradictionInVotes(
  { candidate, candidateCount, runnerUpCount, n0, n, selection, looks, unsmoothed }: Evidence,
  prediction: number,
): string | undefined {
  // The class at the image itself may be that of a network that is not smoothed.
  if (![ABSTAIN, candidate, unsmoothed].includes(prediction)) {
    return `the prediction is ${prediction}, but the candidate ${candidate}.`
  }
  if (candidateCount + runnerUpCount > n) {
    return `${candidateCount} and ${runnerUpCount} votes are more than n = ${n}.`
  }
  const selected = selection && sum(Object.values(selection))
  if (selected !== undefined && selected !== n0)
    return `${selected} votes of the selection are not n0 = ${n0}.`
  const [drawn, hits] = [0, 1].map(part => looks && sum(looks.map(look => look[part] ?? 0)))
  if (looks && (drawn !== n || hits !== candidateCount)) {
    return `${hits} of ${drawn} votes at the looks are not ${candidateCount} of n = ${n}.`
  }
  return undefined
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function malformed(file: string, line: number, reason: string): DataError {
  return new DataError(`${file}, line ${line}: ${reason}`, {
    remedy: 'Mend the file, or certify again with a new log.',
  })
}
