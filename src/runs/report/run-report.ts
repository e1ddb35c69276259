import { analysisPage } from '../../analysis/analysis-page'
import { analyze } from '../../analysis/analyze'
import { spread } from '../../analysis/metric-curves'
import { normOf } from '../../analysis/norm'
import type { Report, ReportSection } from '../../analysis/report'
import { fileName } from '../../analysis/runs'
import { ConfigError } from '../../errors'
import { readCertificationLog } from '../../logs/certification-log-file'
import { type PlainObject, unsaidOfRun } from '../read-run'
import type { SamplesFile } from '../watchers/sample-files'
import { curveSections, type NamedRun } from './run-curves'
import { configurationTables, differencesTable, epochTable, nonFiniteTable, standTable } from './run-tables'
import { settingsOf, verdictOf } from './run-verdict'
import { sampleGrid } from './sample-grid'

/** The largest number of epochs with sample images on a page: the first, the last, and some between. */
const SHOWN_EPOCHS = 4

/**
 * Returns a page about a fine-tuning run, or a comparison of several, from the current content of their folders.
 *
 * @throws DataError for a malformed certification log; ConfigError for runs that share a name, or none
 */
export async function runReport(
  runs: readonly NamedRun[],
  { now = new Date() }: { now?: Date } = {},
): Promise<Report> {
  const names = runs.map(({ name }) => name)
  const [first] = runs
  if (first === undefined || new Set(names).size < names.length) {
    throw new ConfigError(`A report takes runs of different names, got ${names.join(', ') || 'none'}.`, {
      remedy: 'Give each run its own name.',
    })
  }
  const isOne = runs.length === 1
  const notFinite = nonFiniteTable(runs)
  return {
    title: isOne ? first.name : 'Fine-tuning runs',
    lead: isOne ? verdictOf(first) : names.join(' · '),
    sections: [
      ...messages(runs),
      ...(isOne ? [{ kind: 'facts', facts: settingsOf(first, now) } as const] : differenceSections(runs)),
      ...(notFinite.rows.length > 0
        ? [{ kind: 'table', title: 'Steps not taken', table: notFinite } as const]
        : []),
      ...(isOne ? [] : [{ kind: 'table', title: 'Figures', table: standTable(runs) } as const]),
      ...(await curveSections(runs)),
      ...(await certificationSections(runs)),
      ...sampleSections(runs),
      ...(isOne ? detailSections(first) : []),
    ],
  }
}

/** Returns reasons for unplanned ends of runs, and notes on information that their files lack. */
function messages(runs: readonly NamedRun[]): ReportSection[] {
  const ended = runs.flatMap(({ name, run: { status } }) =>
    status.message === undefined ? [] : [runs.length === 1 ? status.message : `${name}: ${status.message}`],
  )
  const paragraphs = [
    ...ended,
    ...runs.flatMap(({ name, run }) => unsaidOfRun(`The run ${name}`, run.metadata) ?? []),
  ]
  return paragraphs.length === 0 ? [] : [{ kind: 'text', paragraphs }]
}

/** Returns several epochs of one run, or the last one of each of several. */
function sampleSections(runs: readonly NamedRun[]): ReportSection[] {
  const isOne = runs.length === 1
  const shown = runs.flatMap(({ name, run: { samples, metadata } }) => {
    const files = isOne
      ? spread(samples.length, SHOWN_EPOCHS).map(place => samples[place] as SamplesFile)
      : samples.slice(-1)
    return files.map(file => ({ ...file, name, isDenoised: hasDenoiser(metadata.config) }))
  })
  return shown.map((file, place): ReportSection => {
    // Unfolded: the last epoch of a single run, or each of several runs.
    const isFolded = isOne && place < shown.length - 1
    const when = file.epoch === 0 ? 'before the first update' : `after epoch ${file.epoch}`
    const of = isOne ? '' : `${file.name}, `
    const kept = file.samples.flatMap(({ denoised }) => denoised.flatMap(sample => sample.kept ?? []))
    if (kept.length === 0) {
      const caption =
        'Test images, with noise, and denoised, without a classifier. The noise is the same after every epoch.'
      const grid = sampleGrid(file.samples, { classes: file.classes, caption })
      return { kind: 'imageGrid', title: `Denoised images, ${of}${when}`, isFolded, grid }
    }
    const words = file.isDenoised
      ? {
          title: 'Kept and hallucinated images',
          shown: 'denoised test images are kept: the classifier that is trained gives',
        }
      : {
          title: 'Noisy images',
          shown: 'noisy test images are recognised: the classifier that is trained gives',
        }
    return {
      kind: 'imageGrid',
      title: `${words.title}, ${of}${when}`,
      isFolded,
      grid: sampleGrid(file.samples, {
        classes: file.classes,
        caption: `${kept.filter(Boolean).length} of ${kept.length} ${words.shown} them their label. The noise is the same after every epoch.`,
      }),
    }
  })
}

/** Returns whether a run, possibly of another version, has a denoiser. */
function hasDenoiser({ smoothing }: PlainObject): boolean {
  const { denoiser } = Object(smoothing) as { readonly denoiser?: { readonly source?: unknown } }
  return denoiser?.source !== 'none'
}

/** Returns the analysis of the logs in the run folders, as by `ft-cadis analyze`; omits logs without a complete row. */
async function certificationSections(runs: readonly NamedRun[]): Promise<ReportSection[]> {
  const logs = await Promise.all(
    runs.flatMap(({ name, run }) =>
      run.certificationLogs.map(async path => {
        const isAlone = run.certificationLogs.length === 1
        const label = runs.length === 1 ? fileName(path) : isAlone ? name : `${name}: ${fileName(path)}`
        return { label, log: await readCertificationLog(path) }
      }),
    ),
  )
  const begun = logs.filter(({ log }) => log.rows.length > 0)
  if (begun.length === 0) return []
  const norms = new Set(begun.map(({ log }) => normOf([log])))
  const pages = await Promise.all(
    [...norms].map(norm => {
      const own = begun.filter(({ log }) => normOf([log]) === norm)
      return analysisPage(analyze(own, { perClass: runs.length === 1 }), {
        ...(runs.length > 1 && { among: runs.map(({ name }) => name) }),
      })
    }),
  )
  const sections = pages.flatMap(page => page.sections)
  return sections.map(section => {
    if (section.title === 'Summary') return { ...section, title: 'Certification' }
    const { title } = section
    return title === 'By class' || title === 'How to read it'
      ? { ...section, title, isFolded: true }
      : section
  })
}

function detailSections(one: NamedRun): ReportSection[] {
  const { run } = one
  const tables = [
    ['Figures', standTable([one])] as const,
    ...(run.epochs.length > 0 ? [['Epochs', epochTable(run)] as const] : []),
    ...configurationTables(run).map(({ title, table }) => [title, table] as const),
  ]
  return tables.map(([title, table]) => ({ kind: 'table', title, isFolded: true, table }))
}

function differenceSections(runs: readonly NamedRun[]): ReportSection[] {
  const table = differencesTable(runs)
  return table.rows.length === 0 ? [] : [{ kind: 'table', title: 'Differences', table }]
}
