import type { MetricDescription, MetricTable } from '../../objectives/metrics'
import type { EpochReport, UpdateReport } from '../reports'
import { TRAINER_METRICS } from '../trainer-metrics'

/** The curves of fine-tuning runs. */

export interface Line<Row> {
  /** Name of the line in its chart. */
  readonly name: string
  /** null if it has no value. */
  readonly value: (row: Row) => number | null
}

export interface CurvePlan<Row> {
  /** The key of the metric in `metrics.jsonl`; for several lines, that of the first. */
  readonly key: string
  readonly metric: string
  readonly caption: string
  /** One line or several, the most important first: only that one is drawn when runs are compared. */
  readonly values: Line<Row>['value'] | readonly [Line<Row>, ...Line<Row>[]]
  /** Whether it follows a schedule, without noise to smooth. */
  readonly isExact?: boolean
}

/** Returns a curve for each metric of an objective or its evaluation; shares in percent. */
export function curvesOf<Row extends UpdateReport | EpochReport>(metrics: MetricTable): CurvePlan<Row>[] {
  return Object.entries(metrics).map(([key, { caption, isExact = false, ...description }]) => ({
    key,
    metric: axisOf(description),
    caption,
    values: row => shown(row.metrics[key] ?? null, description),
    isExact,
  }))
}

/** Returns the label of a metric with its unit. */
export function axisOf({ label, unit }: Pick<MetricDescription, 'label' | 'unit'>): string {
  return unit === 'share' ? `${label} (%)` : label
}

/** Converts a value to its displayed unit: percent for a share. */
export function shown(value: number | null, { unit }: Pick<MetricDescription, 'unit'>): number | null {
  return value !== null && unit === 'share' ? 100 * value : value
}

const plan = (
  key: keyof typeof TRAINER_METRICS,
  values: CurvePlan<UpdateReport>['values'],
): CurvePlan<UpdateReport> => {
  const { label, caption, isExact = false }: MetricDescription = TRAINER_METRICS[key]
  return { key, metric: label, caption, values, isExact }
}

export const LOSS = plan('loss', update => update.loss)

export const OPTIMISATION: readonly CurvePlan<UpdateReport>[] = [
  plan('learningRate', [
    { name: 'scale 1', value: update => update.learningRate },
    { name: 'first layer', value: update => update.firstLayerLearningRate },
    { name: 'last layer', value: update => update.lastLayerLearningRate },
  ]),
  plan('weightDecay', update => update.weightDecay),
  plan('gradientNorm', [
    { name: 'before clipping', value: update => update.gradientNorm },
    { name: 'after clipping', value: update => update.clippedGradientNorm },
  ]),
]

export const LOSS_SCALE = plan('lossScale', update => update.lossScale)

export const COST: readonly CurvePlan<UpdateReport>[] = [
  plan('imagesPerSecond', update => update.imagesPerSecond),
  plan('durationMs', [
    { name: 'whole', value: update => update.durationMs },
    { name: 'host', value: update => update.hostMs },
  ]),
  plan('roundTrips', update => update.roundTrips),
  plan('liveTensors', update => update.liveTensors),
]

export const DEVICE = plan('deviceGib', ({ deviceBytes }) =>
  deviceBytes === null ? null : deviceBytes / 2 ** 30,
)
