import { meanOfFinite } from '../../analysis/metric-curves'
import type { Cell, Table } from '../../analysis/tables'
import { isObject } from '../../files/read-json'
import { bestEpoch } from '../list-runs'
import type { PlainObject, RunRecord } from '../read-run'
import type { UpdateReport } from '../reports'
import type { NamedRun } from './run-curves'

/** The tables of a report of fine-tuning runs. */

/** Updates that the figures of the first table are means over. */
const RECENT = 10

/** How each run stands: a row a figure, a column a run. */
export function standTable(runs: readonly NamedRun[]): Table {
  const figures = runs.map(standOf)
  const names = [...new Set(figures.flatMap(Object.keys))]
  return {
    caption: `Where ${runs.length === 1 ? 'the run is' : 'the runs are'}; losses, shares and speed are means over the last ${RECENT} updates`,
    columns: [{ header: 'figure' }, ...runs.map(({ name }) => ({ header: name, digits: 0 }))],
    rows: names.map(name => [name, ...figures.map(own => own[name] ?? null)]),
  }
}

function standOf({ run: { updates, epochs, status } }: NamedRun): Record<string, Cell> {
  const last = updates.at(-1)
  const epoch = epochs.at(-1)
  const best = bestEpoch(epochs)
  const recent = (value: (update: UpdateReport) => number, digits: number) => {
    const mean = meanOfFinite(updates.slice(-RECENT).map(value))
    return Number.isFinite(mean) ? mean.toFixed(digits) : null
  }
  const percent = (share: number | undefined) =>
    share === undefined ? null : `${(100 * share).toFixed(1)} %`
  return {
    state: status.condition,
    epoch: last === undefined ? null : `${last.epoch} of ${last.epochs}`,
    step: last === undefined ? null : `${last.step} of ${last.steps}`,
    'total loss': recent(update => update.loss, 3),
    SCE: recent(update => update.selectiveCrossEntropy, 3),
    MAdv: recent(update => update.adversarial, 3),
    '|D_nh| = M (%)': recent(update => 100 * update.allKeptShare, 1),
    'accuracy on denoised training images (%)': recent(update => 100 * update.denoisedAccuracy, 1),
    'accuracy on clean test images': percent(epoch?.clean),
    'accuracy on denoised test images': percent(epoch?.denoised),
    'the same, best epoch': best === undefined ? null : `${percent(best.denoised)} (epoch ${best.epoch})`,
    'steps not taken': String(updates.filter(({ taken }) => !taken).length),
    'corrupt training images': epoch === undefined ? null : String(epoch.skippedImages),
    'images a second': recent(update => update.imagesPerSecond, 0),
    ...(last?.deviceBytes == null ? {} : { 'GPU memory (GiB)': (last.deviceBytes / 2 ** 30).toFixed(1) }),
  }
}

/** Accuracy after each epoch of one run. */
export function epochTable({ epochs }: RunRecord): Table {
  return {
    caption: 'Accuracy on test images in percent after each epoch, on denoised ones without votes',
    columns: [
      { header: 'epoch' },
      { header: 'step', digits: 0 },
      { header: 'clean', digits: 1 },
      { header: 'denoised', digits: 1 },
      { header: 'corrupt training images so far', digits: 0 },
    ],
    rows: epochs.map(({ epoch, step, clean, denoised, skippedImages }) => [
      epoch,
      step,
      100 * clean,
      100 * denoised,
      skippedImages,
    ]),
  }
}

/** Updates that were at fault, from their records in `non-finite/`. */
export function nonFiniteTable(runs: readonly NamedRun[]): Table {
  const figures = ['step', 'epoch', 'loss', 'selectiveCrossEntropy', 'adversarial', 'gradientNorm']
  return {
    caption:
      'Updates whose step was not taken, because a loss or a gradient was not finite; the records name each batch',
    columns: [
      { header: 'record in non-finite/' },
      ...['step', 'epoch', 'total', 'SCE', 'MAdv', 'gradient norm'].map(header => ({ header, digits: 0 })),
    ],
    rows: runs.flatMap(({ name, run }) =>
      run.nonFinite.map(({ file, record }): Cell[] => [
        runs.length === 1 ? file : `${name}: ${file}`,
        ...figures.map(figure => shown(record[figure])),
      ]),
    ),
  }
}

/** What the configuration of one run says, a row a setting, then its weights, versions and machine. */
export function configurationTables({ facts }: RunRecord): Table[] {
  const { config, weights, versions, python, commit, startedAt } = facts
  return [
    listTable('The resolved configuration', flattened(config)),
    listTable('Weights, versions and machine', {
      ...flattened({ weights, versions, python }),
      commit: shown(commit),
      'started at': startedAt,
    }),
  ]
}

function listTable(caption: string, entries: Readonly<Record<string, string>>): Table {
  return { caption, columns: [{ header: 'setting' }, { header: 'value' }], rows: Object.entries(entries) }
}

/** The settings in which runs differ, a column a run. */
export function differencesTable(runs: readonly NamedRun[]): Table {
  const settings = runs.map(({ run: { facts } }) =>
    flattened({ ...facts.config, commit: facts.commit, python: facts.python }),
  )
  const fields = [...new Set(settings.flatMap(Object.keys))]
  return {
    caption: 'Settings, commit and machine, where the runs differ in them',
    columns: [{ header: 'setting' }, ...runs.map(({ name }) => ({ header: name }))],
    rows: fields
      .filter(field => new Set(settings.map(own => own[field])).size > 1)
      .map(field => [field, ...settings.map(own => own[field] ?? null)]),
  }
}

/** The leaves by their path: `method.attack.steps`. */
function flattened(value: PlainObject, path = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      isObject(item) ? Object.entries(flattened(item, `${path}${key}.`)) : [[`${path}${key}`, shown(item)]],
    ),
  )
}

/** More than this of a list or of losses does not fit a table; the whole is in the run's files. */
const SHOWN_CHARACTERS = 80

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '–')
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)} …`
}
