import { ConfigError } from '../errors'
import type { MetricValues } from '../objectives/metrics'
import type { Evaluation, TrainedNetworks } from '../objectives/objective'
import { requireSameClasses } from '../smoothing/check-classes'
import { toSymmetric } from '../smoothing/denoise'
import { drawNoise, type Smoothing } from '../smoothing/smoothing'
import { type Dataset, generator, type ProcessGroup, soleProcess } from '../torch'

export interface EvaluateOptions {
  readonly evaluation: Evaluation
  /** Which images of the data set. Default: all. */
  readonly indices?: readonly number[]
  /** Images in one pass. */
  readonly batch: number
  readonly seed: number
  /** Processes that share the images. Default: this one alone. */
  readonly group?: ProcessGroup
  /** Asked between passes; a yes ends the evaluation. */
  readonly isStopped?: () => boolean
}

/**
 * Evaluates networks on the images of a data set, each under one noise. One answer of Python a pass.
 *
 * @returns means over the images, by metric; null if it was stopped
 * @throws ConfigError where the weights call the classes otherwise than the data; for a metric that the evaluation has no sum of
 */
export async function evaluate(
  { networks, smoothing }: { readonly networks: TrainedNetworks; readonly smoothing: Smoothing },
  dataset: Dataset,
  {
    evaluation,
    batch,
    seed,
    indices = Array.from({ length: dataset.description.length }, (_, i) => i),
    group = soleProcess(),
    isStopped,
  }: EvaluateOptions,
): Promise<MetricValues | null> {
  const { session, description } = dataset
  const { classes } = networks.classifier.description
  // A head that a method has for something else than the classes has no names to compare.
  if (classes?.names.length === description.classes.length) requireSameClasses(classes, description)
  const names = Object.keys(evaluation.metrics)
  const own = new Map(names.map(name => [name, 0]))
  for (let start = group.rank * batch; start < indices.length; start += batch * group.worldSize) {
    if (isStopped?.() === true) return null
    const sums = await session.compute(() => {
      const { images_BCHW, labels_B } = dataset.images(indices.slice(start, start + batch))
      const clean_BCHW = toSymmetric(images_BCHW)
      const stream = generator(session, seed, 'evaluate', start)
      const noise_MBCHW = drawNoise(clean_BCHW, { noises: 1, generator: stream })
      return evaluation.look({ networks, smoothing, labels_B, clean_BCHW, noise_MBCHW })
    })
    for (const name of names) {
      const sum = sums[name]
      if (sum === undefined) {
        throw new ConfigError(
          `The evaluation has a metric ${name}, but its look returned ${Object.keys(sums).join(', ')}.`,
          { remedy: 'Return a sum over the images for each metric.' },
        )
      }
      own.set(name, (own.get(name) ?? 0) + sum)
    }
  }
  const parts = await group.gather(Object.fromEntries(own))
  return Object.fromEntries(
    names.map(name => [name, parts.reduce((total, part) => total + (part[name] ?? 0), 0) / indices.length]),
  )
}
