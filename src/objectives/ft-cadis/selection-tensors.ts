import { type Classifier, type Tensor, tensor } from '../../torch'
import type { ObjectiveOptions } from './compose'
import type { Selection } from './select-images'

/** A selection as the second half of a step takes it: its numbers travel, the rest is the same every time. */
export interface SelectionTensors {
  /** Weight of each denoised image in the sum of Eq. 8, before its division by M. */
  readonly weights_MB: Tensor<'MB'>
  /** The images of the batch that are attacked, by index; `null` where none is. */
  readonly attacked_A: Tensor<'A'> | null
  /** Which of them count in Eq. 9, by their places among them. */
  readonly counted: 'all' | 'none' | Tensor<'A'>
}

/**
 * The images that are attacked: those whose adversarial loss counts, or where the classifier normalises over the batch,
 * all of them; the others come along for the sake of its statistics, and weigh nothing.
 */
export function imagesToAttack(
  { description }: Classifier,
  { attacked, nonHallucinated }: Selection,
  { adversarial }: Pick<ObjectiveOptions, 'adversarial'>,
): readonly number[] {
  const takesAll = description.usesBatchStatistics && adversarial !== 'none'
  return takesAll ? [...nonHallucinated.keys()] : attacked
}

/** Records the tensors of a selection. */
export function selectionTensors(
  classifier: Classifier,
  selection: Selection,
  options: Pick<ObjectiveOptions, 'adversarial'>,
): SelectionTensors {
  const { session } = classifier
  const { weights, attacked } = selection
  const images = imagesToAttack(classifier, selection, options)
  const indices = (places: readonly number[]) => tensor(session, places, { axes: 'A', dtype: 'int64' })
  const places = () => indices(attacked.map(image => images.indexOf(image)))
  return {
    weights_MB: tensor(session, weights, { axes: 'MB' }),
    attacked_A: images.length === 0 ? null : indices(images),
    counted: attacked.length === images.length ? 'all' : attacked.length === 0 ? 'none' : places(),
  }
}
