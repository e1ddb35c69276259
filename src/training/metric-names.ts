import { ConfigError } from '../errors'
import type { Evaluation, Form, Objective } from '../objectives/objective'
import { TRAINER_METRICS } from '../runs/trainer-metrics'

/** Fields of a row of `metrics.jsonl` beside metrics. */
const ROW_FIELDS = [
  ...['kind', 'epoch', 'update', 'updatesPerEpoch', 'epochs', 'step', 'steps', 'deviceBytes'],
  ...['skippedImages', 'skippedPaths', 'total'],
]

/**
 * Refuses an objective whose sums or metrics have a name that the trainer writes itself, or whose best epoch is chosen by
 * a metric that it does not have.
 *
 * @throws ConfigError that names the objective and the name
 */
export function requireMetricNames<F extends Form>(
  { kind, sums, metrics }: Objective<F>,
  evaluation: Evaluation,
): void {
  const taken = new Set([...ROW_FIELDS, ...Object.keys(TRAINER_METRICS)])
  const names = [...sums, ...Object.keys(metrics), ...Object.keys(evaluation.metrics)]
  const clash = names.find(name => taken.has(name))
  if (clash !== undefined) {
    throw new ConfigError(`The method ${kind} has a metric or a sum ${clash}, which every run has already.`, {
      remedy: 'Give it another name.',
    })
  }
  const { metric } = evaluation.best
  if (Object.hasOwn(evaluation.metrics, metric)) return
  throw new ConfigError(
    `The best epoch of the method ${kind} is chosen by ${metric}, but its evaluation has ${Object.keys(evaluation.metrics).join(', ')}.`,
    { remedy: 'Name one of these.' },
  )
}
