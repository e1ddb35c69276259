import { analysisPage } from '../../analysis/analysis-page'
import { analyze } from '../../analysis/analyze'
import { spread } from '../../analysis/metric-curves'
import { normOf } from '../../analysis/norm'
import type { Report, ReportSection } from '../../analysis/report'
import { fileName } from '../../analysis/runs'
import { ConfigError } from '../../errors'
import { readCertificationLog } from '../../logs/certification-log-file'
import { type PlainObject, type RunStatus, unsaidOfRun } from '../read-run'
import type { SamplesFile } from '../watchers/sample-files'
import { accuracySection, type NamedRun, updateSections } from './run-curves'
import { configurationTables, differencesTable, epochTable, nonFiniteTable, standTable } from './run-tables'
import { sampleGrid } from './sample-grid'

/** Epochs whose sample images a page shows at most: the first, the last, and some between. */
const SHOWN_EPOCHS = 4

/**
 * The page of a fine-tuning run, or of several beside each other, made from what the run folders hold at the moment.
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
    lead: isOne ? leadOf(first, now) : names.join(' · '),
    sections: [
      ...messages(runs),
      { kind: 'table', table: standTable(runs) },
      ...(notFinite.rows.length > 0
        ? [{ kind: 'table', title: 'Steps not taken', table: notFinite } as const]
        : []),
      ...(await accuracySection(runs)),
      ...(await updateSections(runs)),
      ...sampleSections(runs),
      ...(await certificationSections(runs)),
      ...(isOne ? detailSections(first) : differenceSections(runs)),
    ],
  }
}

const CONDITIONS: Readonly<Record<RunStatus['condition'], string>> = {
  running: 'Running',
  interrupted: 'Interrupted, can be resumed',
  failed: 'Failed',
  finished: 'Finished',
  stopped: 'Stopped before its last update, as asked; can be resumed',
  killed: 'Killed, can be resumed from its last checkpoint',
  unknown: 'It is not known how the run ended',
}

function leadOf({ run: { status, updates } }: NamedRun, now: Date): string {
  const last = updates.at(-1)
  const where =
    last === undefined
      ? 'before its first update'
      : `in epoch ${last.epoch} of ${last.epochs}, after ${last.step} of ${last.steps} updates`
  return `${CONDITIONS[status.condition]}: ${where}. Last written ${formatMoment(status.updatedAt)}, this page ${formatMoment(now)}.`
}

/** `2026-11-22 19:48:58 UTC`. */
function formatMoment(moment: Date): string {
  return moment
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
}

/** Why runs ended where they were not to end, and what their files leave open. */
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

/** Several epochs of one run, the last one of each of several. */
function sampleSections(runs: readonly NamedRun[]): ReportSection[] {
  const isOne = runs.length === 1
  const shown = runs.flatMap(({ name, run: { samples, metadata } }) => {
    const files = isOne
      ? spread(samples.length, SHOWN_EPOCHS).map(place => samples[place] as SamplesFile)
      : samples.slice(-1)
    return files.map(file => ({ ...file, name, isDenoised: hasDenoiser(metadata.config) }))
  })
  return shown.map((file): ReportSection => {
    const when = file.epoch === 0 ? 'before the first update' : `after epoch ${file.epoch}`
    const of = isOne ? '' : `${file.name}, `
    const kept = file.samples.flatMap(({ denoised }) => denoised.flatMap(sample => sample.kept ?? []))
    if (kept.length === 0) {
      const caption =
        'Test images, with noise, and denoised. There is no classifier. The noise is the same after every epoch.'
      const grid = sampleGrid(file.samples, { classes: file.classes, caption })
      return { kind: 'imageGrid', title: `Denoised images, ${of}${when}`, grid }
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
      grid: sampleGrid(file.samples, {
        classes: file.classes,
        caption: `${kept.filter(Boolean).length} of ${kept.length} ${words.shown} them their label. The noise is the same after every epoch.`,
      }),
    }
  })
}

/** Whether a run, which may be of another version, has a denoiser. */
function hasDenoiser({ smoothing }: PlainObject): boolean {
  const { denoiser } = Object(smoothing) as { readonly denoiser?: { readonly source?: unknown } }
  return denoiser?.source !== 'none'
}

/** The logs in the run folders, analysed as `ft-cadis analyze` does; one that has no whole row yet is left out. */
async function certificationSections(runs: readonly NamedRun[]): Promise<ReportSection[]> {
  const logs = await Promise.all(
    runs.flatMap(({ name, run }) =>
      run.certificationLogs.map(async path => {
        const label = runs.length === 1 ? fileName(path) : `${name}: ${fileName(path)}`
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
      return analysisPage(analyze(own, { perClass: runs.length === 1 }))
    }),
  )
  const sections = pages.flatMap(page => page.sections)
  return sections.map(section =>
    section.title === 'Summary' ? { ...section, title: 'Certification' } : section,
  )
}

function detailSections({ run }: NamedRun): ReportSection[] {
  const [configuration, ...others] = configurationTables(run)
  return [
    ...(run.epochs.length > 0 ? [{ kind: 'table', title: 'Epochs', table: epochTable(run) } as const] : []),
    ...(configuration === undefined
      ? []
      : [{ kind: 'table', title: 'Configuration', table: configuration } as const]),
    ...others.map(table => ({ kind: 'table', table }) as const),
  ]
}

function differenceSections(runs: readonly NamedRun[]): ReportSection[] {
  const table = differencesTable(runs)
  return table.rows.length === 0 ? [] : [{ kind: 'table', title: 'Differences', table }]
}
