import type { ClassifierConfig } from '../config/schema'
import { DataError } from '../errors'
import { add, type Classifier, type Dataset, flatten, mul, noGrad, type Tensor, tensor } from '../torch'
import { toSymmetric } from './denoise'
import { leadingClass } from './leading-class'

/** The normalisation of pixels in front of a network. */
export type InputRange = ClassifierConfig['inputRange']

/** Predictions of a classifier for clean images. */
export interface Predictions {
  /** The logit of each image's class. */
  readonly labels: readonly number[]
  /** The largest logit; -1 if one is NaN. */
  readonly predicted: readonly number[]
}

/**
 * Draws test images over the classes with the seed and returns their positions, without those whose files do not decode. Only this function
 * draws from that stream.
 */
export async function imagesOverClasses(
  dataset: Dataset,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<readonly number[]> {
  const most = Math.min(count, dataset.description.length)
  return dataset.session.compute(() => dataset.imagesOverClasses(most, { seed }))
}

/**
 * Classifies clean images, without noise or denoiser.
 *
 * @param options - `inputRange`: the input range to use instead of the classifier's own, `own`; `batch`: images per pass
 */
export async function predictClean(
  { classifier, dataset }: { readonly classifier: Classifier; readonly dataset: Dataset },
  {
    indices,
    batch,
    own,
    inputRange = own,
  }: {
    readonly indices: readonly number[]
    readonly batch: number
    readonly own: InputRange
    readonly inputRange?: InputRange
  },
): Promise<Predictions> {
  const { session } = dataset
  const labels: number[] = []
  const predicted: number[] = []
  const look = (places: readonly number[]) =>
    session.compute(() =>
      noGrad(session, () => {
        const { images_BCHW, labels_B } = dataset.images(places)
        const images_NCHW = flatten(toSymmetric(images_BCHW), 'B', 'N')
        const shown_NCHW = inputRange === own ? images_NCHW : through(images_NCHW, { own, inputRange })
        return { labels: labels_B, predicted: leadingClass(classifier.classify(shown_NCHW)) }
      }),
    )
  for (let start = 0; start < indices.length; start += batch) {
    const places = indices.slice(start, start + batch)
    const said = await look(places).catch(async error => {
      if (!(error instanceof DataError)) throw error
      const { found } = await session.compute(() => ({ found: dataset.corruptImages(places) }))
      const corrupt = new Set(found.map(({ index }) => index))
      const sound = places.filter(place => !corrupt.has(place))
      if (corrupt.size === 0) throw error
      return sound.length === 0 ? { labels: [], predicted: [] } : look(sound)
    })
    labels.push(...said.labels)
    predicted.push(...said.predicted)
  }
  return { labels, predicted }
}

/** Returns the share of images whose class has the largest logit; NaN without images. */
export function accuracyOf({ labels, predicted }: Predictions): number {
  return labels.filter((label, place) => predicted[place] === label).length / labels.length
}

/** Transforms images so that a network that normalises them by `own` sees them as normalised by `inputRange`. */
function through(
  images_NCHW: Tensor<'NCHW'>,
  { own, inputRange }: { readonly own: InputRange; readonly inputRange: InputRange },
): Tensor<'NCHW'> {
  const [from, as] = [meanAndStd(own), meanAndStd(inputRange)]
  const count = Math.max(from.mean.length, as.mean.length)
  const at = (values: readonly number[], channel: number) => values[channel] ?? values[0] ?? 0
  const channels = Array.from({ length: count }, (_, channel) => {
    const scale = at(from.std, channel) / at(as.std, channel)
    const shift = scale - 2 * at(as.mean, channel) * scale + 2 * at(from.mean, channel) - 1
    return { scale, shift }
  })
  const [only, ...others] = channels
  if (only !== undefined && others.length === 0) return add(mul(images_NCHW, only.scale), only.shift)
  const { session } = images_NCHW
  const scales_C = tensor(
    session,
    channels.map(({ scale }) => scale),
    { axes: 'C' },
  )
  const shifts_C = tensor(
    session,
    channels.map(({ shift }) => shift),
    { axes: 'C' },
  )
  return add(mul(images_NCHW, scales_C), shifts_C)
}

function meanAndStd(range: InputRange): {
  readonly mean: readonly number[]
  readonly std: readonly number[]
} {
  return range === 'symmetric' ? { mean: [0.5], std: [0.5] } : range
}
