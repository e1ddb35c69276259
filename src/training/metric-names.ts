import { ConfigError } from '../errors'
import type { MetricTable } from '../objectives/metrics'
import type { Evaluation, Form, Objective } from '../objectives/objective'
import { SKIPPED_IMAGES, TRAINER_METRICS } from '../runs/trainer-metrics'

/** Fields of a row of `metrics.jsonl` besides metrics, and those of a micro-batch in `non-finite/`. */
const ROW_FIELDS = [
  ...['kind', 'epoch', 'update', 'updatesPerEpoch', 'epochs', 'step', 'steps', 'deviceBytes'],
  ...['skippedImages', 'skippedPaths', 'total', 'at', 'microBatches', 'microBatch', 'stream', 'images'],
]

/** Names of fields or metrics in earlier versions. */
const EARLIER_NAMES = ['answers', 'denoised']

/**
 * Checks the sums and metrics of an objective. Refuses names and tags that the trainer itself writes, a metric without a sum, and a
 * best-epoch metric that the objective lacks.
 *
 * @throws ConfigError that names the objective and the name
 */
export function requireMetricNames<F extends Form>(
  { kind, sums, metrics }: Pick<Objective<F>, 'kind' | 'sums' | 'metrics'>,
  evaluation: Omit<Evaluation, 'look'>,
): void {
  const taken = new Set([...ROW_FIELDS, ...EARLIER_NAMES, ...Object.keys(TRAINER_METRICS)])
  const names = [...sums, ...Object.keys(metrics), ...Object.keys(evaluation.metrics)]
  const clash = names.find(name => taken.has(name))
  if (clash !== undefined) {
    throw new ConfigError(`The method ${kind} has a metric or a sum ${clash}, which every run has already.`, {
      remedy: 'Give it another name.',
    })
  }
  requireTags(kind, [metrics, evaluation.metrics])
  const sumless = Object.keys(metrics).find(
    key => metrics[key]?.of === undefined && !(sums as readonly string[]).includes(key),
  )
  if (sumless !== undefined) {
    throw new ConfigError(
      `The metric ${sumless} of the method ${kind} has no \`of\`, and no sum has its name: there are ${sums.join(', ')}.`,
      { remedy: 'Declare a sum of this name, or give the metric an `of`.' },
    )
  }
  const { metric } = evaluation.best
  if (Object.hasOwn(evaluation.metrics, metric)) return
  throw new ConfigError(
    `The best epoch of the method ${kind} is chosen by ${metric}, but its evaluation has ${Object.keys(evaluation.metrics).join(', ')}.`,
    { remedy: 'Name one of these.' },
  )
}

/** TensorBoard identifies scalars by tag: two metrics with the same tag would mix. */
function requireTags(kind: string, tables: readonly MetricTable[]): void {
  const tags = new Map(
    [...Object.entries(TRAINER_METRICS), ['skippedImages', SKIPPED_IMAGES] as const].map(([key, { tag }]) => [
      tag,
      key,
    ]),
  )
  for (const [key, { tag }] of tables.flatMap(table => Object.entries(table))) {
    const other = tags.get(tag)
    if (other !== undefined) {
      const isOfEveryRun = [...Object.values(TRAINER_METRICS), SKIPPED_IMAGES].some(own => own.tag === tag)
      throw new ConfigError(
        `The metric ${key} of the method ${kind} has the tag ${tag} of the metric ${other}.`,
        {
          remedy: isOfEveryRun
            ? `Give ${key} another tag: every run has ${other}.`
            : `Give ${other} or ${key} another tag.`,
        },
      )
    }
    tags.set(tag, key)
  }
}
