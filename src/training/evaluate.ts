import type { Session } from '../bridge'
import { ConfigError, DataError } from '../errors'
import type { MetricValues } from '../objectives/metrics'
import type { Evaluation, TrainedNetworks } from '../objectives/objective'
import { requireSameClasses } from '../smoothing/check-classes'
import { toSymmetric } from '../smoothing/denoise'
import { noiseFor, type Smoothing } from '../smoothing/smoothing'
import { type CorruptImage, type Dataset, generator, type ProcessGroup, soleProcess, tensor } from '../torch'

export interface EvaluateOptions {
  readonly evaluation: Evaluation
  /** Which images of the data set. Default: all. */
  readonly indices?: readonly number[]
  /** Images in one pass. */
  readonly batch: number
  readonly seed: number
  /** Processes that share the images. Default: this one alone. */
  readonly group?: ProcessGroup
  /** Asked in every pass; a yes on any process ends the evaluation on all of them, after the same pass. */
  readonly isStopped?: () => boolean
  /**
   * Called with the paths of the corrupt images of all processes, if there are any: they are left out, and out of the count.
   * Default: a corrupt image is an error.
   */
  readonly onCorrupt?: (paths: readonly string[]) => void
}

/**
 * Evaluates networks on the images of a data set, each under one noise. One answer of Python a pass.
 *
 * @returns means over the images, by metric, null for those that this run does not have; null if it was stopped
 * @throws ConfigError where the weights call the classes otherwise than the data; for a metric that the evaluation has no sum of
 * @throws DataError for an image that cannot be read
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
    isStopped = () => false,
    onCorrupt,
  }: EvaluateOptions,
): Promise<MetricValues | null> {
  const { session, description } = dataset
  const { classes } = networks.classifier.description
  // A head that a method has for something else than the classes has no names to compare.
  if (classes?.names.length === description.classes.length) requireSameClasses(classes, description)
  const names = Object.keys(evaluation.metrics)
  const own = new Map(names.map(name => [name, 0]))
  const missing = new Set<string>()
  const corrupt: CorruptImage[] = []
  const look = (start: number, own_B: readonly number[]) => {
    const { images_BCHW, labels_B } = dataset.images(own_B)
    const clean_BCHW = toSymmetric(images_BCHW)
    const stream = generator(session, seed, 'evaluate', start)
    const noise_MBCHW = noiseFor(smoothing, clean_BCHW, { noises: 1, generator: stream })
    return evaluation.look({ networks, smoothing, labels_B, clean_BCHW, noise_MBCHW })
  }
  const stride = batch * group.worldSize
  // Every process has a part in every pass, also where no images are left for it: they stop together.
  for (let first = 0; first < indices.length; first += stride) {
    const start = first + group.rank * batch
    const wantsStop = isStopped()
    if (group.worldSize === 1 && wantsStop) return null
    const pass = (own_B: readonly number[]) =>
      session.compute(() => ({
        sums: own_B.length === 0 ? null : look(start, own_B),
        stops: group.worldSize === 1 ? null : stopsOver(group, session, wantsStop),
      }))
    const planned = indices.slice(start, start + batch)
    const { sums, stops } = await pass(planned).catch(async error => {
      // The pass has failed before its sum over the processes, which the next one takes part in.
      const found = onCorrupt === undefined ? [] : await corruptImages(dataset, { indices: planned, error })
      if (found.length === 0) throw error
      corrupt.push(...found)
      const isCorrupt = new Set(found.map(({ index }) => index))
      return pass(planned.filter(index => !isCorrupt.has(index)))
    })
    if (stops?.[0]) return null
    for (const name of sums === null ? [] : names) {
      const sum = sumOf(sums ?? {}, name)
      if (sum === null) missing.add(name)
      else own.set(name, (own.get(name) ?? 0) + sum)
    }
  }
  const parts = await group.gather({
    sums: Object.fromEntries(own),
    missing: [...missing],
    corrupt: corrupt.map(({ path }) => path),
  })
  const paths = parts.flatMap(part => part.corrupt)
  if (paths.length === indices.length) {
    throw new DataError(`Of ${paths.length} test images none can be decoded, the first is ${paths[0]}.`, {
      remedy: 'Check the disk and the folder.',
    })
  }
  if (paths.length > 0) onCorrupt?.(paths)
  const count = indices.length - paths.length
  const isMissing = (name: string) => parts.some(part => part.missing.includes(name))
  return Object.fromEntries(
    names.map(name => [
      name,
      isMissing(name) ? null : parts.reduce((total, { sums }) => total + (sums[name] ?? 0), 0) / count,
    ]),
  )
}

/** Records how many processes want to stop. */
function stopsOver(group: ProcessGroup, session: Session, wantsStop: boolean) {
  return group.allReduceSum(tensor(session, [wantsStop ? 1 : 0], { axes: 'S', dtype: 'float64' }))
}

function sumOf(sums: Readonly<Record<string, number | null>>, name: string): number | null {
  const sum = sums[name]
  if (sum !== undefined) return sum
  throw new ConfigError(
    `The evaluation has a metric ${name}, but its look returned ${Object.keys(sums).join(', ')}.`,
    { remedy: 'Return a sum over the images for each metric, or null where the run has none.' },
  )
}

/** Which images a pass has failed over; none where it failed for another reason. */
async function corruptImages(
  dataset: Dataset,
  { indices, error }: { indices: readonly number[]; error: unknown },
): Promise<readonly CorruptImage[]> {
  if (!(error instanceof DataError)) return []
  const { session } = dataset
  return (await session.compute(() => ({ found: dataset.corruptImages(indices) }))).found
}
