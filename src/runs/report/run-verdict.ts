import type { Fact } from '../../analysis/report'
import { isObject } from '../../files/read-json'
import { bestEpoch } from '../list-runs'
import type { PlainObject, RunStatus } from '../read-run'
import type { NamedRun } from './run-curves'
import { figure } from './run-tables'

const CONDITIONS: Readonly<Record<RunStatus['condition'], string>> = {
  running: 'Running',
  interrupted: 'Interrupted, can be resumed',
  failed: 'Failed',
  finished: 'Finished',
  stopped: 'Stopped before its last update, as asked; can be resumed',
  killed: 'Killed, can be resumed from its last checkpoint',
  unknown: 'It is not known how the run ended',
}

/** Describes the state of a run and its results in two sentences. */
export function verdictOf({ run }: NamedRun): string {
  const { status, updates, epochs, metadata } = run
  const last = updates.at(-1)
  const where =
    last === undefined
      ? 'before its first update'
      : `in epoch ${last.epoch} of ${last.epochs}, after ${last.step} of ${last.steps} updates`
  const { metrics, best: by } = metadata.objective.evaluation
  const metric = metrics[by.metric]
  const [first, latest, best] = [epochs[0], epochs.at(-1), bestEpoch(epochs, by)]
  const state = `${CONDITIONS[status.condition]}: ${where}.`
  if (metric === undefined || first === undefined || latest === undefined) return state
  const value = (epoch: typeof first) => figure(epoch.metrics[by.metric], metric)
  const course =
    first === latest
      ? `${value(first)} after epoch ${first.epoch}`
      : `${value(first)} after epoch ${first.epoch}, ${value(latest)} after epoch ${latest.epoch}`
  const most = by.is === 'newest' || best === undefined ? '' : `; best ${value(best)} (epoch ${best.epoch})`
  const name = metric.label.charAt(0).toUpperCase() + metric.label.slice(1)
  return `${state} ${name} on test images: ${course}${most}.`
}

/** Returns the main settings of a run; omits missing ones. */
export function settingsOf({ run: { metadata, status } }: NamedRun, now: Date): Fact[] {
  const { config, objective, hooks, startedAt } = metadata
  const [smoothing, data, method, optimisation, tuning] = [
    'smoothing',
    'data',
    'method',
    'optimisation',
    'tuning',
  ].map(name => objectAt(config, name)) as [PlainObject, PlainObject, PlainObject, PlainObject, PlainObject]
  const functions = Object.keys(hooks ?? {})
  const facts: [string, unknown][] = [
    ['method', objective.kind],
    ['data', data.path ?? data.source],
    ['σ', smoothing.sigma],
    ['noises per image M', method.noises],
    ['λ', method.lambda],
    ['attack radius ε', objectAt(method, 'attack').epsilon],
    ['tuning', tuning.kind],
    ['epochs', optimisation.epochs],
    ['images per update', optimisation.imagesPerUpdate],
    ['learning rate', optimisation.learningRate],
    ['seed', config.seed],
    ['classifier', weightsOf(objectAt(config, 'classifier'))],
    ['denoiser', weightsOf(objectAt(smoothing, 'denoiser'))],
    ['functions of the script', functions.length > 0 ? functions.join(', ') : undefined],
    ['started', formatMoment(new Date(startedAt))],
    ['last written', formatMoment(status.updatedAt)],
    ['this page', formatMoment(now)],
  ]
  return facts.flatMap(([name, value]): Fact[] =>
    typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
  )
}

function objectAt(value: PlainObject, name: string): PlainObject {
  const found = value[name]
  return isObject(found) ? found : {}
}

function weightsOf({ path, name, source }: PlainObject): unknown {
  return path ?? name ?? source
}

/** Formats a time as `2026-11-22 19:48:58 UTC`; undefined if invalid. */
function formatMoment(moment: Date): string | undefined {
  if (Number.isNaN(moment.getTime())) return undefined
  return moment
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')
}
