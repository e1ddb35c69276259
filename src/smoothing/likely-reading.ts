import type { Classifier, Dataset } from '../torch'
import { accuracyOf, type InputRange, type Predictions, predictClean } from './clean-accuracy'

/** A reading of a classifier that differs from the measured one: by the order of its logits, its input range or both. */
export interface Reading {
  readonly accuracy: number
  /** The class of each logit; undefined if the order stays. */
  readonly labelOf?: readonly number[]
  /** undefined if the range stays. */
  readonly range?: UsualRange
}

interface UsualRange {
  readonly of: string
  readonly range: InputRange
}

/** Common input normalisations of classifiers, and who uses them. */
const RANGES: readonly UsualRange[] = [
  { of: 'pixels in [-1, 1]', range: 'symmetric' },
  { of: 'pixels in [0, 1]', range: { mean: [0], std: [1] } },
  { of: 'ImageNet', range: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } },
  {
    of: 'CLIP',
    range: { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
  },
  { of: 'CIFAR-10', range: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] } },
  { of: 'MNIST', range: { mean: [0.1307], std: [0.3081] } },
]

/** With fewer images per class on average, an order of the classes cannot be determined. */
const PER_CLASS = 3

/** Two changes must get this share more of the images right than one. */
const SECOND_CHANGE = 0.05

/**
 * Tries each usual input range with the classes in the given and in the best other order, and returns the reading that
 * gets most images right; undefined if there is none to try.
 *
 * @param options - `looked`: the predictions with `inputRange`
 */
export async function bestReading(
  networks: { readonly classifier: Classifier; readonly dataset: Dataset },
  {
    looked,
    inputRange,
    ...seen
  }: {
    readonly looked: Predictions
    readonly inputRange: InputRange
    readonly own: InputRange
    readonly indices: readonly number[]
    readonly batch: number
  },
): Promise<Reading | undefined> {
  const { imageShape } = networks.dataset.description
  const reordered = otherOrderIn(looked, networks.dataset)
  const single: Reading[] = reordered === undefined ? [] : [reordered]
  const double: Reading[] = []
  for (const usual of RANGES) {
    const { range } = usual
    if (JSON.stringify(range) === JSON.stringify(inputRange)) continue
    if (range !== 'symmetric' && range.mean.length > 1 && range.mean.length !== imageShape[0]) continue
    const predictions = await predictClean(networks, { ...seen, inputRange: range })
    single.push({ range: usual, accuracy: accuracyOf(predictions) })
    const order = otherOrderIn(predictions, networks.dataset)
    if (order !== undefined) double.push({ ...order, range: usual })
  }
  const [one, two] = [mostRight(single), mostRight(double)]
  return (two?.accuracy ?? 0) >= (one?.accuracy ?? 0) + SECOND_CHANGE ? two : one
}

function mostRight(readings: readonly Reading[]): Reading | undefined {
  return readings.toSorted((a, b) => b.accuracy - a.accuracy)[0]
}

/**
 * Infers the class of each logit from every second image, and tests it on the others. undefined if there are too few images, two logits
 * stand for one class, or the order is the given one.
 */
export function otherOrderIn(
  { labels, predicted }: Predictions,
  { description }: Dataset,
): { readonly accuracy: number; readonly labelOf: readonly number[] } | undefined {
  const classes = description.classes.length
  if (description.logits !== null || labels.length < PER_CLASS * classes) return undefined
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  // Images are in class order, so every second one covers each class.
  for (let place = 0; place < labels.length; place += 2) {
    const row = counts[predicted[place] ?? -1]
    const label = labels[place] ?? -1
    if (row !== undefined) row[label] = (row[label] ?? 0) + 1
  }
  const labelOf = counts.map(row => row.indexOf(Math.max(...row)))
  const isGiven = labelOf.every((label, logit) => label === logit)
  if (isGiven || new Set(labelOf).size < classes) return undefined
  const judged = labels.filter((_, place) => place % 2 === 1)
  const right = judged.filter((label, position) => labelOf[predicted[2 * position + 1] ?? -1] === label)
  return { accuracy: right.length / judged.length, labelOf }
}
