import { showValue } from '../config/differences'
import { unsaidNote } from '../files/earlier-format'
import { type CertificationLog, missingImages } from '../logs/certification-log-file'
import { familyWiseOf, type JsonObject, LOG_FORMAT } from '../logs/certification-log-metadata'
import { isChecked } from '../logs/check-rows'
import { votesOf } from '../logs/outcome'
import { oneClassNote, wrongClassNote } from './answer-notes'
import { type KnownSetting, knownSettings } from './known-settings'
import {
  dataDifferences,
  imageDifferences,
  showImages,
  showSetting,
  statementDifferences,
} from './log-differences'
import { isPartial, type Method, type Run } from './runs'
import type { Cell, Column } from './tables'

/** The settings that decide whether two rows of a table are comparable. */
const SETTINGS: readonly {
  readonly header: string
  /** As stated by the logs. */
  readonly of: (run: Run) => readonly Setting[]
  /** Also if inferred. */
  readonly known: (run: Run) => readonly Setting[]
}[] = [
  ...(
    [
      ['σ', 'sigma'],
      ['n0', 'n0'],
      ['n', 'n'],
      ['α', 'alpha'],
    ] as const
  ).map(([header, name]) => ({
    header,
    of: ({ configuration }: Run) => [configuration?.[name]],
    known: ({ logs }: Run) => logs.map(log => shownSetting(knownSettings(log)[name])),
  })),
  {
    header: 'images',
    of: ({ logs }) => logs.map(({ rows }) => rows.length),
    known: ({ logs }) => logs.map(({ rows }) => rows.length),
  },
]

/** undefined if unknown; text if inferred. */
type Setting = number | string | undefined

function shownSetting(setting: KnownSetting | undefined): Setting {
  return setting?.inferredFrom === undefined ? setting?.value : `${setting.value} (inferred)`
}

/** Returns the settings in which the methods differ: a column each, with a cell per method. */
export function differingSettings(
  methods: readonly Method[],
): { readonly column: Column; readonly cells: readonly Cell[] }[] {
  return settingCells(methods).flatMap(({ header, cells, isSaidDifferently }) =>
    isSaidDifferently ? [{ column: { header }, cells }] : [],
  )
}

/** Returns the cells of each setting that is not known to be the same everywhere, and whether the logs themselves state it. */
function settingCells(methods: readonly Method[]) {
  const isOne = (values: readonly (readonly Setting[])[]) => new Set(values.flat()).size === 1
  return SETTINGS.flatMap(({ header, of, known }) => {
    const said = methods.map(({ runs }) => runs.flatMap(of))
    const values = methods.map(({ runs }) => [...new Set(runs.flatMap(known))])
    if (isOne(said) && isOne(values)) return []
    return [{ header, cells: values.map(asCell), isSaidDifferently: !isOne(said) }]
  })
}

/** Returns notes for reading the figures correctly, one sentence each; empty if none. */
export function notesOn(methods: readonly Method[]): string[] {
  const runs = methods.flatMap(method => method.runs)
  const logs = runs.flatMap(run => run.logs)
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).join('; ')
  const undocumented = runs.filter(({ configuration }) => configuration === undefined)
  const averaged = undocumented.filter(run => run.logs.length > 1)
  return [
    ...logs.filter(isPartial).map(partialNote),
    ...logs.flatMap(oneClassNote),
    // Several methods are compared by the table.
    ...(logs.length === 1 ? logs.flatMap(wrongClassNote) : []),
    ...logs.flatMap(familyWiseNote),
    ...logs.flatMap(procedureNotes),
    ...logs.flatMap(purifyNote),
    ...otherDataNotes(logs),
    ...logs.flatMap(({ file, metadata }) =>
      metadata?.format === 1 ? (unsaidNote(file, ['which images it is of']) ?? []) : [],
    ),
    ...otherSettingNotes(logs),
    ...settingCells(methods).flatMap(({ header, cells }) =>
      // A setting that is stated in one log and inferred for another may be the same.
      new Set(cells).size === 1
        ? []
        : [
            `The logs do not all have the same ${header}: ${methods.map(({ name }, position) => `${name} ${cells[position] ?? 'unknown'}`).join('; ')}.`,
          ],
    ),
    ...(undocumented.length > 0
      ? [
          `No .json beside the log says with which σ, n and α it was certified: ${undocumented.length === runs.length ? 'all logs' : names(undocumented)}.`,
        ]
      : []),
    ...logs.flatMap(inferredNote),
    ...averaged.map(
      ({ name, logs }) =>
        `${name} is the mean of ${logs.length} logs that are taken for seeds of one configuration; nothing beside them says that they are.`,
    ),
  ]
}

/** Notes logs with other images than the first; different numbers of images have a column. */
function otherDataNotes([first, ...others]: readonly CertificationLog[]): string[] {
  if (first === undefined) return []
  return others.flatMap(other => {
    const isAsLong = first.rows.length === other.rows.length
    const differences = isAsLong ? imageDifferences(first, other) : dataDifferences(first, other)
    return differences.length === 0
      ? []
      : [
          `${first.file} and ${other.file} are of other images (${differences.join('; ')}): their figures do not compare.`,
        ]
  })
}

/** Settings with a column or a note. */
const TOLD =
  /^((sigma|realisedSigma|certifiedSigma|n0|n|alpha)$|(procedure|familyWise|purify)(\.|$)|data\.(classNames|digest|images)$)/

/** Notes other differences from the first log's settings. */
function otherSettingNotes(logs: readonly CertificationLog[]): string[] {
  const [first, ...others] = logs.filter(({ metadata }) => metadata?.format === LOG_FORMAT)
  if (first === undefined) return []
  return others.flatMap(other => {
    const differences = statementDifferences(first, other).flatMap(({ field, before, after }) =>
      TOLD.test(field) ? [] : [`${field}: ${showValue(before)} and ${showValue(after)}`],
    )
    return differences.length === 0
      ? []
      : [`${first.file} and ${other.file} were certified differently (${differences.join('; ')}).`]
  })
}

/** Notes a σ that the log does not state, and the source of the inference. */
function inferredNote(log: CertificationLog): string[] {
  const { sigma } = knownSettings(log)
  return sigma?.inferredFrom === undefined ? [] : [`σ of ${log.file} is ${showSetting(sigma)}.`]
}

/** Notes logs that could not be checked against their votes when read; empty if all could. */
export function uncheckedNote(methods: readonly Method[]): string[] {
  const runs = methods.flatMap(method => method.runs)
  const unchecked = runs.filter(run => !run.logs.every(isChecked))
  if (unchecked.length === 0) return []
  const which = unchecked.length === runs.length ? 'all logs' : unchecked.map(({ name }) => name).join('; ')
  return [`Not checkable, as no votes say how radii and abstentions came about: ${which}.`]
}

/** Notes why a log is partial, and which images its figures cover. */
function partialNote(log: CertificationLog): string {
  const { file, rows, partial, metadata } = log
  const missing = missingImages(log)
  const { share } = metadata ?? {}
  const reasons = [
    ...(partial === undefined ? [] : [`line ${partial.line} is cut short, as an interrupted run leaves it`]),
    ...(share === undefined ? [] : [`it is shard ${share.number} of ${share.of} of ${share.count} images`]),
    ...(missing.length === 0
      ? []
      : [`it lacks ${missing.length} of ${metadata?.plan?.count} planned images (${showImages(missing)})`]),
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

/** Notes the number of votes of an adaptive certification, and the omissions of its radii; for other procedures, their statements. */
function procedureNotes({ file, rows, metadata }: CertificationLog): string[] {
  if (metadata === undefined || metadata.configuration.procedure.kind === 'certify') return []
  const { procedure, norm } = metadata.configuration
  const noteOf = NOTES.get(procedure.kind)
  if (noteOf !== undefined) return [`${file} ${noteOf({ ...procedure, norm })}`]
  const n = Array.isArray(procedure.rounds)
    ? procedure.rounds.reduce<number>((total, votes) => total + Number(votes), 0)
    : metadata.configuration.n
  const votes = rows.reduce((sum, { evidence }) => sum + (evidence === undefined ? 0 : votesOf(evidence)), 0)
  const radii = Array.isArray(procedure.radii) ? procedure.radii.join(', ') : procedure.radius
  return [
    `${file} is adaptive: ${Math.round(votes / rows.length)} votes an image in the mean, at most ${n}.`,
    ...(radii === undefined
      ? []
      : [
          `${file} was certified adaptively, at the radii ${radii} alone: its ACR, and accuracies at radii between, are lower than with a fixed n.`,
        ]),
  ]
}

/** Notes how a noisy copy votes if it has several looks. */
function purifyNote({ file, metadata }: CertificationLog): string[] {
  const { kind, sigma, steps, votes } = Object(metadata?.configuration.purify) as JsonObject
  if (kind === undefined) return []
  const how =
    kind === 'local'
      ? `${votes} looks at its denoised image under noise of σ = ${sigma} (DiffSmooth)`
      : `${votes} runs of ${steps} reverse steps each (DensePure)`
  return [`A noisy copy of ${file} has the vote of the majority of ${how}.`]
}

/** Notes on the radii of procedures. */
const NOTES: ReadonlyMap<string, (procedure: JsonObject) => string> = new Map([
  [
    'aces',
    ({ threshold, selector, core, radiusZero }: JsonObject) =>
      `is of ACES: a radius is the smaller one of selector (${selector}, threshold ${threshold}) and network; at radius 0 ${core === true ? `counts the core network (rule ${radiusZero})` : 'there is no core network'}.`,
  ],
  [
    'cascade',
    ({ sigmas, threshold, rule }: JsonObject) =>
      `is of a cascade over σ ${String(sigmas).replaceAll(',', ', ')} with threshold ${threshold}${rule === 'sound' ? '' : `; its rule is ${rule}: bounds of other classes are asymptotic, and their errors do not add up to α`}.`,
  ],
  [
    'router',
    ({ sigma, sigmas }: JsonObject) =>
      `is of a router at σ ${sigma} between experts at σ ${String(sigmas).replaceAll(',', ', ')}: a radius is the smaller one of router and expert, or that of all experts where they agree.`,
  ],
  [
    'pixel-dp',
    ({ split, by, norm }: JsonObject) =>
      `is of PixelDP${by === 'scores' ? ' by mean scores' : ''}: sizes from differential privacy${norm === 'l2' && by !== 'scores' ? ', at most half of the radii of CERTIFY' : ''}${split === 'published' ? '; the errors of its bounds are the published ones, for η = 0.05' : ''}.`,
  ],
])

function asCell(values: readonly Setting[]): Cell {
  const [value] = values
  if (values.length === 1) return value ?? null
  return values.map(value => value ?? 'unknown').join(', ')
}
