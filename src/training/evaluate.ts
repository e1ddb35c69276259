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
  /** Images of the data set to evaluate. Default: all. */
  readonly indices?: readonly number[]
  /** Images per pass. */
  readonly batch: number
  readonly seed: number
  /** Processes that share the images. Default: only this one. */
  readonly group?: ProcessGroup
  /** Checked in every pass; true on any process ends the evaluation on all of them after the same pass. */
  readonly isStopped?: () => boolean
  /**
   * Called with the paths of corrupt images from all processes, if any; these images are left out of the means. Default: a corrupt image is
   * an error.
   */
  readonly onCorrupt?: (paths: readonly string[]) => void
}

/**
 * Evaluates networks on the images of a data set, each under one noise, with one reply from Python per pass.
 *
 * @returns means over the images, by metric, null for those that do not apply to this run; null if stopped
 * @throws ConfigError if the weights name other classes than the data, or a metric lacks its sum in the evaluation
 * @throws DataError if an image cannot be read
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
  // A head for something other than the classes has no names to compare.
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
  // Every process takes part in every pass, even without images left: they stop together.
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
      // The pass failed before its sum over the processes; the next pass takes part in that sum.
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

/** Records the number of processes that want to stop. */
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

/** Returns the images that made a pass fail; none if it failed for another reason. */
async function corruptImages(
  dataset: Dataset,
  { indices, error }: { indices: readonly number[]; error: unknown },
): Promise<readonly CorruptImage[]> {
  if (!(error instanceof DataError)) return []
  const { session } = dataset
  return (await session.compute(() => ({ found: dataset.corruptImages(indices) }))).found
}
