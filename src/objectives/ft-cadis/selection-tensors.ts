import { ShapeError } from '../../errors'
import { type Classifier, type Tensor, tensor } from '../../torch'
import type { GivenContext } from '../objective'
import type { LossOptions } from './compose'
import type { Selection } from './select-images'

/** A selection in the form that the second program expects: only its numbers are sent, the recording stays the same. */
export interface SelectionTensors {
  /** Weight of each denoised image in the sum of Eq. 8, before the division by M. */
  readonly weights_MB: Tensor<'MB'>
  /** Images to attack, by index in the batch; `null` if none. */
  readonly forwarded_A: Tensor<'A'> | null
  /** Those of them whose loss counts in Eq. 9, by position among them. */
  readonly lossImages: 'all' | 'none' | Tensor<'A'>
  /** `forwarded_A` padded for a classifier with few pass sizes; absent or `null` if any size will do. */
  readonly filledUp?: FilledUp | null | undefined
}

/** Images of a batch, padded with copies to the size of a pass. */
export interface FilledUp {
  /** By index in the batch. */
  readonly images_A: Tensor<'A'>
  /** Positions of the original images among them. */
  readonly places_A: Tensor<'A'>
}

/**
 * Pads images with copies to the smallest of the given sizes that holds them.
 *
 * @throws ShapeError if there are none, or more than the largest
 */
export function filledUp(images: readonly number[], sizes: readonly number[]): readonly number[] {
  const size = sizes.find(size => size >= images.length)
  if (size === undefined || images.length === 0) {
    throw new ShapeError(
      `filledUp: got ${images.length} images, expected 1 to ${sizes.at(-1)}, the largest of the sizes.`,
      { remedy: 'Give sizes up to the images of a micro-batch.' },
    )
  }
  return Array.from({ length: size }, (_, place) => images[place % images.length] ?? 0)
}

/**
 * Returns the images that pass through the attack: those whose adversarial loss counts. If the classifier normalises over the batch, all
 * images pass, so that its statistics are those of the whole batch; the loss of the others does not count.
 */
export function forwardedImages(
  { description }: Classifier,
  { attacked, keptCounts }: Selection,
  { adversarial }: Pick<LossOptions, 'adversarial'>,
): readonly number[] {
  const takesAll = description.usesBatchStatistics && adversarial !== 'none'
  return takesAll ? [...keptCounts.keys()] : attacked
}

/** Records the tensors of a selection. */
export function selectionTensors(
  classifier: Classifier,
  selection: Selection,
  { passSizes = null, ...options }: Pick<LossOptions, 'adversarial'> & Pick<GivenContext, 'passSizes'>,
): SelectionTensors {
  const { session } = classifier
  const { weights, attacked } = selection
  const images = forwardedImages(classifier, selection, options)
  const indices = (places: readonly number[]) => tensor(session, places, { axes: 'A', dtype: 'int64' })
  const places = () => indices(attacked.map(image => images.indexOf(image)))
  return {
    weights_MB: tensor(session, weights, { axes: 'MB' }),
    forwarded_A: images.length === 0 ? null : indices(images),
    filledUp:
      images.length === 0 || passSizes === null
        ? null
        : { images_A: indices(filledUp(images, passSizes)), places_A: indices([...images.keys()]) },
    lossImages: attacked.length === images.length ? 'all' : attacked.length === 0 ? 'none' : places(),
  }
}
