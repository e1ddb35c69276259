import { type Classifier, type Tensor, tensor } from '../../torch'
import type { LossOptions } from './compose'
import type { Selection } from './select-images'

/** A selection as the second program takes it: its numbers travel, the rest is the same every time. */
export interface SelectionTensors {
  /** Weight of each denoised image in the sum of Eq. 8, before its division by M. */
  readonly weights_MB: Tensor<'MB'>
  /** The images that go through the attack, by index in the batch; `null` where none does. */
  readonly forwarded_A: Tensor<'A'> | null
  /** Those of them whose loss counts in Eq. 9, by their places among them. */
  readonly lossImages: 'all' | 'none' | Tensor<'A'>
}

/**
 * The images that go through the attack: those whose adversarial loss counts. Where the classifier normalises over the
 * batch all images do, so that its statistics are those of the whole batch; the loss of the others does not count.
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
  options: Pick<LossOptions, 'adversarial'>,
): SelectionTensors {
  const { session } = classifier
  const { weights, attacked } = selection
  const images = forwardedImages(classifier, selection, options)
  const indices = (places: readonly number[]) => tensor(session, places, { axes: 'A', dtype: 'int64' })
  const places = () => indices(attacked.map(image => images.indexOf(image)))
  return {
    weights_MB: tensor(session, weights, { axes: 'MB' }),
    forwarded_A: images.length === 0 ? null : indices(images),
    lossImages: attacked.length === images.length ? 'all' : attacked.length === 0 ? 'none' : places(),
  }
}
