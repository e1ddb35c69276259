import { unsaidNote } from '../files/earlier-format'
import { type CertificationLog, missingImages } from '../logs/certification-log-file'
import { familyWiseOf } from '../logs/certification-log-metadata'
import { isChecked } from '../logs/check-rows'
import { formatIndices } from '../logs/image-plan'
import { dataDifferences, isPartial, type Method, type Run } from './runs'
import type { Cell, Column } from './tables'

/** What decides whether two rows of a table compare. */
const SETTINGS: readonly { readonly header: string; readonly of: (run: Run) => readonly Setting[] }[] = [
  { header: 'σ', of: ({ configuration }) => [configuration?.sigma] },
  { header: 'n0', of: ({ configuration }) => [configuration?.n0] },
  { header: 'n', of: ({ configuration }) => [configuration?.n] },
  { header: 'α', of: ({ configuration }) => [configuration?.alpha] },
  { header: 'images', of: ({ logs }) => logs.map(({ rows }) => rows.length) },
]

/** undefined where nothing says it. */
type Setting = number | undefined

/** The settings in which the methods are not all alike: a column each, and its cell for each method. */
export function differingSettings(
  methods: readonly Method[],
): { readonly column: Column; readonly cells: readonly Cell[] }[] {
  return SETTINGS.flatMap(({ header, of }) => {
    const values = methods.map(({ runs }) => [...new Set(runs.flatMap(of))])
    if (new Set(values.flat()).size === 1) return []
    return [{ column: { header }, cells: values.map(asCell) }]
  })
}

/** What a reader must know to read the figures right; a sentence each, none where there is nothing. */
export function notesOn(methods: readonly Method[]): string[] {
  const runs = methods.flatMap(method => method.runs)
  const logs = runs.flatMap(run => run.logs)
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).join('; ')
  const undocumented = runs.filter(({ configuration }) => configuration === undefined)
  const averaged = undocumented.filter(run => run.logs.length > 1)
  return [
    ...logs.filter(isPartial).map(partialNote),
    ...logs.flatMap(familyWiseNote),
    ...logs.flatMap(adaptiveNotes),
    ...otherDataNotes(logs),
    ...logs.flatMap(({ file, metadata }) =>
      metadata?.format === 1 ? (unsaidNote(file, ['which images it is of']) ?? []) : [],
    ),
    ...differingSettings(methods).map(
      ({ column, cells }) =>
        `The logs do not all have the same ${column.header}: ${methods.map(({ name }, position) => `${name} ${cells[position] ?? 'unknown'}`).join('; ')}.`,
    ),
    ...(undocumented.length > 0
      ? [
          `No .json beside the log says with which σ, n and α it was certified: ${undocumented.length === runs.length ? 'all logs' : names(undocumented)}.`,
        ]
      : []),
    ...averaged.map(
      ({ name, logs }) =>
        `${name} is the mean of ${logs.length} logs that are taken for seeds of one configuration; nothing beside them says that they are.`,
    ),
  ]
}

/** Which logs are of other images than the first. */
function otherDataNotes([first, ...others]: readonly CertificationLog[]): string[] {
  if (first === undefined) return []
  return others.flatMap(other => {
    const differences = dataDifferences(first, other)
    return differences.length === 0
      ? []
      : [
          `${first.file} and ${other.file} are of other images (${differences.join('; ')}): their figures do not compare.`,
        ]
  })
}

/** Which logs could not be checked against their votes when they were read; none where all could. */
export function uncheckedNote(methods: readonly Method[]): string[] {
  const runs = methods.flatMap(method => method.runs)
  const unchecked = runs.filter(run => !run.logs.every(isChecked))
  if (unchecked.length === 0) return []
  const which = unchecked.length === runs.length ? 'all logs' : unchecked.map(({ name }) => name).join('; ')
  return [`Not checkable, as no votes say how radii and abstentions came about: ${which}.`]
}

/** In what a log is partial, and what its figures are of. */
function partialNote(log: CertificationLog): string {
  const { file, rows, partial, metadata } = log
  const missing = missingImages(log)
  const { share } = metadata ?? {}
  const reasons = [
    ...(partial === undefined ? [] : [`line ${partial.line} is cut short, as an interrupted run leaves it`]),
    ...(share === undefined ? [] : [`it is shard ${share.number} of ${share.of} of ${share.count} images`]),
    ...(missing.length === 0
      ? []
      : [
          `it lacks ${missing.length} of ${metadata?.plan?.count} planned images (${shortened(formatIndices(missing))})`,
        ]),
  ]
  return `${file} is partial: ${reasons.join('; ')}. The figures are of the ${rows.length} rows that are whole.`
}

function familyWiseNote({ file, metadata }: CertificationLog): string[] {
  const whole = metadata && familyWiseOf(metadata)
  if (metadata === undefined || whole === undefined) return []
  return [
    `The certificates of ${file} are all right together with probability 1 − ${whole.alpha}: each of the ${whole.images} images has α = ${metadata.configuration.alpha}.`,
  ]
}

/** How many votes an adaptive certification took, and what its radii leave out. */
function adaptiveNotes({ file, rows, metadata }: CertificationLog): string[] {
  if (metadata === undefined || metadata.configuration.procedure.kind === 'certify') return []
  const { n, procedure } = metadata.configuration
  const votes = rows.reduce((sum, { evidence }) => sum + (evidence?.n ?? 0) + (evidence?.pilot ?? 0), 0)
  const radii = Array.isArray(procedure.radii) ? procedure.radii.join(', ') : undefined
  return [
    `${file} is adaptive: ${Math.round(votes / rows.length)} votes an image in the mean, at most ${n}.`,
    ...(radii === undefined
      ? []
      : [
          `${file} decides at the radii ${radii} alone: its ACR, and accuracies at radii between, are lower than those of CERTIFY.`,
        ]),
  ]
}

function shortened(list: string): string {
  return list.length > 60 ? `${list.slice(0, 57)}...` : list
}

function asCell(values: readonly Setting[]): Cell {
  const [value] = values
  if (values.length === 1) return value ?? null
  return values.map(value => value ?? 'unknown').join(', ')
}
