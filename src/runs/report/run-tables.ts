import { meanOfFinite } from '../../analysis/metric-curves'
import type { Cell, Table } from '../../analysis/tables'
import { type HookTraces, showHook } from '../../config/hook-trace'
import { isObject } from '../../files/read-json'
import type { MetricDescription, MetricTable } from '../../objectives/metrics'
import { bestEpoch } from '../list-runs'
import type { PlainObject, RunRecord } from '../read-run'
import type { UpdateReport } from '../reports'
import { SKIPPED_IMAGES, TRAINER_METRICS } from '../trainer-metrics'
import { axisOf, shown } from './curve-plans'
import type { NamedRun } from './run-curves'

/** The tables of a report of fine-tuning runs. */

/** Number of updates averaged in the first table. */
const RECENT = 10

/** Returns the current state of each run: one row per figure, one column per run. */
export function standTable(runs: readonly NamedRun[]): Table {
  const figures = runs.map(standOf)
  const names = [...new Set(figures.flatMap(Object.keys))]
  return {
    caption: `Where ${runs.length === 1 ? 'the run is' : 'the runs are'}; losses, shares and speed are means over the last ${RECENT} updates`,
    columns: [{ header: 'figure' }, ...runs.map(({ name }) => ({ header: name, digits: 0 }))],
    rows: names.map(name => [name, ...figures.map(own => own[name] ?? null)]),
  }
}

function standOf({ run: { updates, epochs, status, metadata } }: NamedRun): Record<string, Cell> {
  const { metrics, evaluation } = metadata.objective
  const last = updates.at(-1)
  const epoch = epochs.at(-1)
  const best = bestEpoch(epochs, evaluation.best)
  const recent = (value: (update: UpdateReport) => number, digits: number) => {
    const mean = meanOfFinite(updates.slice(-RECENT).map(value))
    return Number.isFinite(mean) ? mean.toFixed(digits) : null
  }
  const ofMetrics = Object.entries(metrics).map(([key, metric]) => [
    axisOf(metric),
    recent(
      update => shown(update.metrics[key] ?? null, metric) ?? Number.NaN,
      metric.unit === 'share' ? 1 : 3,
    ),
  ])
  const ofEvaluation = Object.entries(evaluation.metrics).map(([key, metric]) => [
    `${metric.label} on test images`,
    epoch === undefined ? null : figure(epoch.metrics[key], metric),
  ])
  const { metric: bestKey, is } = evaluation.best
  const ofBest = {
    [`best ${evaluation.metrics[bestKey]?.label ?? bestKey}`]:
      best === undefined
        ? null
        : `${figure(best.metrics[bestKey], evaluation.metrics[bestKey])} (epoch ${best.epoch})`,
  }
  return {
    state: status.condition,
    epoch: last === undefined ? null : `${last.epoch} of ${last.epochs}`,
    step: last === undefined ? null : `${last.step} of ${last.steps}`,
    loss: recent(update => update.loss, 3),
    ...Object.fromEntries(ofMetrics),
    ...Object.fromEntries(ofEvaluation),
    ...(is === 'newest' ? {} : ofBest),
    'steps not taken': String(updates.filter(({ taken }) => !taken).length),
    'corrupt training images': epoch === undefined ? null : String(epoch.skippedImages),
    'images a second': recent(update => update.imagesPerSecond, 0),
    ...(last?.deviceBytes == null ? {} : { 'GPU memory (GiB)': (last.deviceBytes / 2 ** 30).toFixed(1) }),
  }
}

/** Formats a value: a share in percent. */
export function figure(
  value: number | null | undefined,
  { unit }: Pick<MetricDescription, 'unit'> = {},
): string {
  if (typeof value !== 'number') return '–'
  return unit === 'share' ? `${(100 * value).toFixed(1)} %` : value.toPrecision(4)
}

/** Returns the evaluation after each epoch of one run. */
export function epochTable({ epochs, metadata }: RunRecord): Table {
  const metrics = Object.entries(metadata.objective.evaluation.metrics)
  return {
    caption: 'Evaluation on test images after each epoch, without votes',
    columns: [
      { header: 'epoch' },
      { header: 'step', digits: 0 },
      ...metrics.map(([, metric]) => ({ header: axisOf(metric), digits: metric.unit === 'share' ? 1 : 4 })),
      { header: SKIPPED_IMAGES.label, digits: 0 },
    ],
    rows: epochs.map(({ epoch, step, skippedImages, ...report }) => [
      epoch,
      step,
      ...metrics.map(([key, metric]) => shown(report.metrics[key] ?? null, metric)),
      skippedImages,
    ]),
  }
}

/** Returns the updates that were not finite, from their records in `non-finite/`. */
export function nonFiniteTable(runs: readonly NamedRun[]): Table {
  const headlines: MetricTable = Object.fromEntries(
    runs
      .flatMap(({ run }) => Object.entries(run.metadata.objective.metrics))
      .filter(([, { isHeadline, unit }]) => isHeadline && unit === undefined),
  )
  const columns = [
    ...['step', 'epoch'].map(key => [key, key] as const),
    ['loss', 'loss'] as const,
    ...Object.entries(headlines).map(([key, { label }]) => [key, label] as const),
    ['gradientNorm', TRAINER_METRICS.gradientNorm.label] as const,
  ]
  return {
    caption:
      'Updates whose step was not taken, because a loss or a gradient was not finite; the records name each batch',
    columns: [{ header: 'record in non-finite/' }, ...columns.map(([, header]) => ({ header, digits: 0 }))],
    rows: runs.flatMap(({ name, run }) =>
      run.nonFinite.map(({ file, record }): Cell[] => [
        runs.length === 1 ? file : `${name}: ${file}`,
        ...columns.map(([key]) => abridged(record[key])),
      ]),
    ),
  }
}

/** Returns the configuration of one run, one row per setting, then its weights, versions and machine. */
export function configurationTables({
  metadata,
}: RunRecord): { readonly title: string; readonly table: Table }[] {
  const { config, hooks, weights, versions, python, commit, startedAt } = metadata
  return [
    {
      title: 'Configuration',
      table: listTable('The resolved configuration', { ...flattened(config), ...shownHooks(hooks) }),
    },
    {
      title: 'Weights, versions and machine',
      table: listTable('What it ran with and where', {
        ...flattened({ weights, versions, python }),
        commit: abridged(commit),
        'started at': startedAt,
      }),
    },
  ]
}

function listTable(caption: string, entries: Readonly<Record<string, string>>): Table {
  return { caption, columns: [{ header: 'setting' }, { header: 'value' }], rows: Object.entries(entries) }
}

/** Returns the settings that differ between runs, one column per run. */
export function differencesTable(runs: readonly NamedRun[]): Table {
  const settings = runs.map(({ run: { metadata } }) =>
    flattened({
      ...metadata.config,
      ...shownHooks(metadata.hooks),
      commit: metadata.commit,
      python: metadata.python,
    }),
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

/** Returns the functions of the script, one row each: `hooks.rule`. */
function shownHooks(hooks: HookTraces | null): Record<string, string> {
  if (hooks === null) return { hooks: 'not recorded' }
  return Object.fromEntries(Object.entries(hooks).map(([name, trace]) => [`hooks.${name}`, showHook(trace)]))
}

/** Returns leaves by path: `method.attack.steps`. */
function flattened(value: PlainObject, path = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      isObject(item)
        ? Object.entries(flattened(item, `${path}${key}.`))
        : [[`${path}${key}`, abridged(item)]],
    ),
  )
}

/** Longest list that fits a table; the run's files have the whole. */
const SHOWN_CHARACTERS = 80

function abridged(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '–')
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)} …`
}
